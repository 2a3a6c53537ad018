/** How one looks whether an instance is well: by a request, a connection, or a command. */
import { z } from 'zod';
import { described, optional } from './describe.ts';
import { kind, port, text } from './kinds.ts';
import type { Probe } from './plan.ts';
import { splitWords } from './shell-words.ts';

export const probePath = kind<string>({
  title: 'path',
  expected: 'a path such as "/healthz"',
  json: { type: 'string', pattern: '^/' },
  read: (input) => (typeof input === 'string' && /^\/[^\s#]*$/.test(input) ? input : undefined),
});

const ownOrPort = kind<number | true>({
  title: 'port or true',
  expected: 'a port from 1 to 65535, or true for its own port',
  json: { anyOf: [{ type: 'integer', minimum: 1, maximum: 65535 }, { const: true }] },
  read: (input) => (input === true ? true : port.safeParse(input).data),
});

const probeCommand = z.union([text('command', 'a command'), z.array(text('word', 'a text')).min(1)]);

/** Settings of which exactly one of `path`, `tcp` and `command` is given. */
export const probeShape = {
  path: optional(probePath, {
    says: 'A request for this path is answered with a status from 200 to 399',
    example: '/healthz',
  }),
  tcp: optional(ownOrPort, { says: 'A connection to this port is accepted; `true`: its own port' }),
  command: optional(probeCommand, {
    says: 'This command ends with code 0. It runs with the environment, directory and user of the app',
    example: 'pg_isready -q',
  }),
  port: optional(port, { says: 'The port for `path`, when it is another one than that of the app' }),
};

export const probeSettings = described(z.strictObject(probeShape), { says: 'How to look' }).transform(
  (settings, context) => probeOf(settings, context) ?? z.NEVER,
);

type ProbeSettings = z.output<z.ZodObject<typeof probeShape>>;
interface Complaints {
  readonly issues: unknown[];
}

/** undefined, and an issue in `context`, when it is not exactly one way. */
export function probeOf({ path, tcp, command, port }: ProbeSettings, context: Complaints): Probe | undefined {
  const given = [path, tcp, command].filter((way) => way !== undefined).length;
  if (given !== 1) {
    const message = `${given === 0 ? 'is missing' : 'must be given alone'}: name one of "path", "tcp" and "command"`;
    context.issues.push({ code: 'custom', message, path: ['path'], input: path ?? null });
    return undefined;
  }
  if (path !== undefined) return { kind: 'http', path, port: port ?? null };
  if (tcp !== undefined) return { kind: 'tcp', port: tcp === true ? null : tcp };
  const words = typeof command === 'string' ? splitWords(command) : { words: command ?? [] };
  if ('words' in words) return { kind: 'command', args: words.words };
  context.issues.push({
    code: 'custom',
    message: `cannot be run: ${words.problem}`,
    path: ['command'],
    input: command,
  });
  return undefined;
}
