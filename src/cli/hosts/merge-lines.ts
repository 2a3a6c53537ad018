/** Log lines and events of several hosts as one stream: the past in order of time, and what is followed as it comes. */
import { createInterface } from 'node:readline';
import type { HoldfastError } from '../../errors.ts';
import type { LogLine } from '../../logs/reader.ts';
import { parseStructured } from '../../logs/structured.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { openSsh, sshFailed } from '../../release/ssh/ssh.ts';
import { untilLeft } from '../../release/ssh/until-left.ts';
import type { Context } from '../context.ts';
import { holdfastThere } from '../deploy/hosts-target.ts';
import { eventLine, whoAsked } from '../print/event-line.ts';
import { logLine } from '../print/log-line.ts';
import type { Typed } from '../target-option.ts';
import { type Place, tellFailure, wordsOf } from './ask-hosts.ts';

/** As `hold logs --json` prints it: `data` where it was JSON. */
type HostLine = (Omit<LogLine, 'structured'> & { readonly data?: unknown }) | HoldfastEvent;

/** @returns whether all hosts have told theirs to the end */
export async function mergeLines(context: Context, place: Place, typed: Typed): Promise<boolean> {
  const { out, signal } = context;
  const follows = typed.flags.includes('--follow');
  const textOf = printer(context, place, typed);
  const past: { readonly host: string; readonly line: HostLine }[] = [];
  const tell = async (host: string, line: HostLine) => {
    if (follows) await out.flow(textOf(host, line));
    else past.push({ host, line });
  };
  const errors = await Promise.all(
    place.hosts.map(async (host) => {
      const error = await readHost(context, place, host, typed, follows, (line) => tell(host, line));
      if (error && !signal.aborted) tellFailure(context, host, error);
      return error;
    }),
  );
  past.sort((a, b) => Date.parse(timeOf(a.line)) - Date.parse(timeOf(b.line)));
  for (const { host, line } of newest(past, typed)) await out.flow(textOf(host, line));
  return errors.every((error) => error === null);
}

/** Each host has told as many as were asked for; of all together it is the newest of them. */
function newest<T>(all: readonly T[], { name, flags }: Typed): readonly T[] {
  const at = flags.lastIndexOf('--lines');
  const isRange = flags.includes('--since') || flags.includes('--until');
  if (at === -1 && isRange) return all;
  // Events of a time are all told, as without a target.
  if (name === 'events' && isRange) return all;
  const most = at === -1 ? { logs: 100, events: 50 }[name] : Number(flags[at + 1]);
  return most === undefined ? all : all.slice(Math.max(0, all.length - most));
}

async function readHost(
  { env, signal }: Context,
  { target }: Place,
  host: string,
  typed: Typed,
  follows: boolean,
  tell: (line: HostLine) => Promise<void>,
): Promise<HoldfastError | null> {
  // The text alone is taken out of it here.
  const [name = '', ...rest] = wordsOf({ ...typed, flags: typed.flags.filter((flag) => flag !== '--raw') });
  const words = holdfastThere(target, [name, '--json', ...rest]);
  const ssh = openSsh(host, follows ? untilLeft(words) : words, { env });
  // What follows there ends with its input; what does not has none.
  if (!follows) ssh.stdin.end();
  const leave = () => ssh.kill();
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    for await (const text of createInterface({ input: ssh.stdout, crlfDelay: Number.POSITIVE_INFINITY }))
      if (text.startsWith('{')) await tell(JSON.parse(text) as HostLine);
    const end = await ssh.ended;
    return end.code === 0 && !follows ? null : sshFailed(host, target.command, end);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function timeOf(line: HostLine): string {
  return String(line.time);
}

function printer(
  { out, json }: Context,
  { hosts }: Place,
  { flags }: Typed,
): (host: string, line: HostLine) => string {
  const { style, isTTY } = out;
  const width = Math.max(...hosts.map((host) => host.length));
  const isAudit = flags.includes('--deploys') || flags.includes('--audit');
  let nameWidth = 0;
  return (host, line) => {
    if (json) return `${JSON.stringify({ host, ...line })}\n`;
    if ('stream' in line && flags.includes('--raw')) return line.partial ? line.text : `${line.text}\n`;
    const prefix = style.bold(host.padEnd(width));
    const now = Date.now();
    if (!('stream' in line))
      return `${prefix} ${eventLine(line, style, now)}${isAudit ? whoAsked(line) : ''}\n`;
    nameWidth = Math.max(nameWidth, line.instance.length);
    const structured = line.data === undefined ? undefined : parseStructured(line.text);
    const shown = { ...line, ...(structured && { structured }) };
    return `${prefix} ${logLine(shown, { style, now, forTerminal: isTTY, nameWidth })}\n`;
  };
}
