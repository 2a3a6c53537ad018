/** A real server in the place of the edge. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { described, optional } from './describe.ts';
import { choice, flag, text } from './kinds.ts';
import type { FrontPlan } from './plan.ts';
import type { Problem } from './problems.ts';
import type { Settings } from './schema.ts';
import { show } from './show.ts';

const server = choice('nginx', 'apache', 'haproxy', 'caddy');

const command = z.array(text('text', 'a text that is not empty')).min(1);

const frontShape = z.strictObject({
  server: described(server, { says: 'Which server stands in front' }),
  own: optional(flag, {
    says:
      '`true`: Holdfast runs a process of this server for itself, beside whatever this machine has of it. ' +
      '`false`: it is the one of this machine, and Holdfast writes `file` for it. Left out: `true`, unless there is a `file`',
  }),
  file: optional(text('path', 'the absolute path of a file'), {
    says:
      'The one file that Holdfast writes for the server of this machine, which reads it by itself or includes it. ' +
      'It is looked at by the server before it counts, and the one before comes back when the server refuses it',
    example: '/etc/nginx/conf.d/holdfast.conf',
  }),
  check: optional(command, {
    says:
      'The command that looks at the whole configuration of the server of this machine, when it is not ' +
      'the usual one (`nginx -t`, `apache2ctl configtest` …)',
    example: ['sudo', 'nginx', '-t'],
  }),
  reload: optional(command, {
    says: 'The command that puts it into force without cutting anybody off, when it is not the usual one',
    example: ['sudo', 'systemctl', 'reload', 'nginx'],
  }),
});

export const frontSettings = described(z.union([server, frontShape]), {
  says:
    'A real server in the place of the edge: Holdfast supervises the apps and writes the configuration of this server from `sites`. ' +
    'Left out: the edge, which is built in',
  example: 'nginx',
});

export function completeFront({ front }: Settings, problems: Problem[]): FrontPlan | null {
  if (front === undefined) return null;
  const given = typeof front === 'string' ? { server: front } : front;
  const { file = null, check = null, reload = null } = given;
  const own = given.own ?? file === null;
  const say = (name: string, sentence: string) => problems.push({ path: ['front', name], text: sentence });
  if (file !== null && (!isAbsolute(file) || file.endsWith('/')))
    say(
      'file',
      `must be the absolute path of a file, such as "/etc/nginx/conf.d/holdfast.conf": got ${show(file)}`,
    );
  if (own && file !== null)
    say(
      'own',
      'must be left out or false where there is a "file": it is for a server that Holdfast does not run',
    );
  if (!own && file === null) say('own', 'needs "file", the file to write for the server of this machine');
  for (const [name, value] of Object.entries({ check, reload })) {
    if (value !== null && own)
      say(name, 'is only for a server that Holdfast does not run, which needs "file"');
  }
  return { server: given.server, file: own ? null : file, check, reload };
}
