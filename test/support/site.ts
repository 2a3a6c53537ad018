/** A home whose config has one site, on a free port, in front of one app. */
import type { HoldfastConfig } from '../../src/config/config-types.ts';
import type { Test } from './cleanup.ts';
import { configure } from './config-file.ts';
import { freePort } from './ports.ts';
import { app } from './root.ts';
import { type TestHome, testHome } from './test-home.ts';

type AppConfig = Exclude<NonNullable<HoldfastConfig['apps']>[string], string>;

export interface Site {
  readonly home: TestHome;
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Changes settings of the app in the config file; `hold up` is for the test to run. */
  configure(settings: Partial<AppConfig>): void;
}

/** Starts `program` (of test/fixtures/apps) as the app `web` behind an edge, and waits until it runs. */
export async function startSite(
  t: Test,
  program: string,
  settings: Partial<AppConfig> = {},
  more: Partial<HoldfastConfig> = {},
): Promise<Site> {
  const home = testHome(t);
  const port = await freePort();
  const write = (changed: Partial<AppConfig>) =>
    configure(home, {
      apps: { web: { run: app(program), instances: 3, ...settings, ...changed } },
      sites: { '*': { routes: { '/': 'web' } } },
      listen: { http: `127.0.0.1:${port}` },
      ...more,
    });
  write({});
  await home.ok(['up']);
  return { home, port, url: `http://127.0.0.1:${port}`, configure: write };
}
