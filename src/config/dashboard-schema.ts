/** The dashboard: where it is, and who may log in. */
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { isKeptPassword } from '../kit/password.ts';
import { listenAddress } from './addresses.ts';
import { described, optional, withDefault } from './describe.ts';
import { choice, kind, Refusal } from './kinds.ts';
import type { DashboardPlan } from './plan.ts';
import type { Problem } from './problems.ts';

const keptPassword = kind<string>({
  title: 'hash of a password',
  expected: 'what `hold hash-password` prints',
  json: { type: 'string', pattern: '^scrypt:' },
  read(input) {
    if (typeof input !== 'string') return undefined;
    // What is wrong may be the password itself, so it is not shown.
    return isKeptPassword(input) ? input : new Refusal('must be what `hold hash-password` prints');
  },
});

const userName = kind<string>({
  title: 'user name',
  expected: 'a name of letters, digits, ".", "_", "@" and "-"',
  json: { type: 'string', pattern: '^[A-Za-z0-9._@-]{1,64}$' },
  read: (input) => (/^[A-Za-z0-9._@-]{1,64}$/.test(String(input)) ? String(input) : undefined),
});

export const dashboardSettings = described(
  z.strictObject({
    listen: optional(listenAddress, {
      says:
        'Where it is on this machine, all the time: an address of this machine only. Left out: it is at 127.0.0.1:4600 ' +
        'while somebody has opened it with `hold open`, and behind the routes that lead to "@dashboard"',
      example: 4600,
    }),
    users: withDefault(
      z.record(
        userName,
        z.strictObject({
          password: described(keptPassword, {
            says: 'What `hold hash-password` prints',
            example: `scrypt:16384:8:5:${'A'.repeat(22)}:${'A'.repeat(43)}`,
          }),
          role: withDefault(choice('viewer', 'admin'), 'viewer', {
            says: '`viewer` sees everything and changes nothing, `admin` may start, stop, deploy and roll back',
          }),
        }),
      ),
      {},
      { says: 'Who may log in with a name and a password, besides those who open it with `hold open`' },
    ),
  }),
  {
    says:
      'The dashboard: how things are, in a browser. `hold open` opens it without any settings. From outside it is reached ' +
      'by a route of a site to "@dashboard"',
    example: { users: {} },
  },
);

export type DashboardSettingsIn = z.output<typeof dashboardSettings> | undefined;

export function completeDashboard(settings: DashboardSettingsIn, problems: Problem[]): DashboardPlan | null {
  if (settings === undefined) return null;
  const { listen, users } = settings;
  if (!listen) return { listen: null, users };
  // A port alone is one of this machine.
  const host = listen.host === null || listen.host === 'localhost' ? '127.0.0.1' : listen.host;
  if (!(host === '::1' || (isIPv4(host) && host.startsWith('127.')))) {
    problems.push({
      path: ['dashboard', 'listen'],
      text: 'must be an address of this machine only, such as "127.0.0.1:4600": from outside it is reached by a route to "@dashboard" of a site with tls',
    });
  }
  return { listen: { host, port: listen.port }, users };
}
