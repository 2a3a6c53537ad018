/** runit as most use it: runsvdir, and below it a runsv for each service. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../test/support/programs.ts';
import type { Scratch } from '../kit/scratch.ts';

/** Its programs do not say which version they are. */
export function runitVersion(): string | undefined {
  if (!findProgram('runsvdir')) return undefined;
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of dpkg-query
    const text = execFileSync('dpkg-query', ['-W', '-f', '${Version}', 'runit'], { encoding: 'utf8' });
    return text.replace(/-.*/, '');
  } catch {
    return 'unknown version';
  }
}

/** Runs a script as a service; its output goes to a file. */
export function startRunit(scratch: Scratch, script: string, env: Readonly<Record<string, string>>): void {
  const services = scratch.path('services');
  const service = join(services, 'app');
  mkdirSync(service, { recursive: true });
  const run = join(service, 'run');
  writeFileSync(
    run,
    `#!/bin/sh\nexec "${process.execPath}" "${script}" >>"${scratch.path('app.log')}" 2>&1\n`,
  );
  chmodSync(run, 0o755);
  scratch.start('runsvdir', ['-P', services], { env });
}
