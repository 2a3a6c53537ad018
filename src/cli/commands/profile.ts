import { createReadStream } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { Client } from '../../client/client.ts';
import { HoldfastError } from '../../errors.ts';
import { formatBytes, formatDuration, parseDuration } from '../../kit/units.ts';
import type { AppView } from '../../protocol/api.ts';
import type { ProfileKind, ProfileView } from '../../protocol/profile.ts';
import type { Context } from '../context.ts';
import { RARE } from '../help/rare.ts';
import type { ContextFactory } from '../program.ts';

interface ProfileOptions {
  /** true: without a time. */
  cpu?: true | number;
  alloc?: true | number;
  heap?: boolean;
  report?: boolean;
  output?: string;
  yes?: boolean;
}

const DEFAULT_MS = 10_000;
/** More of a CPU profile than this is for a real viewer. */
const TABLE_BYTES = 256 * 1024 * 1024;
const ROWS = 10;

const OPEN_WITH: Readonly<Record<ProfileKind, string>> = {
  cpu: 'Chrome DevTools → Performance → load profile',
  heap: 'Chrome DevTools → Memory → load profile',
  alloc: 'Chrome DevTools → Memory → load profile',
  report: 'any editor: it is JSON',
};

export function defineProfile(program: Command, context: ContextFactory): void {
  program
    .command('profile')
    .summary('where a running app spends its time or its memory')
    .description(
      'Looks into a running Node.js instance, without a restart and without an open port: a CPU profile (also while its event loop is blocked, if it has a `watchdog`), a heap snapshot, a sampling of allocations, or a report of Node. Without an option it is a CPU profile of 10s. Ctrl-C ends it early, and what there is by then is kept.',
    )
    .argument('<app>', 'name of an app (its first instance that is ready), or an instance such as web.1')
    .option('--cpu [time]', 'CPU profile: in which functions the time goes', parseTime)
    .option('--alloc [time]', 'which functions make objects', parseTime)
    .option('--heap', 'heap snapshot: all objects; stops the instance meanwhile, and needs memory')
    .option('--report', 'report of Node: versions, stacks, handles, limits; without the environment')
    .optionsGroup(RARE)
    .option('-o, --output <file>', 'write it there too; - is stdout')
    .option('-y, --yes', 'do not ask before a heap snapshot')
    .action((name: string, options: ProfileOptions) => profile(context(), name, options));
}

async function profile(context: Context, name: string, options: ProfileOptions): Promise<void> {
  const { kind, forMs } = wanted(options);
  const { lookUp, unknownApp } = await import('../targets.ts');
  const found = await lookUp(context, [name]);
  if (!found) throw unknownApp(name, []);
  const [target, ...others] = found.targets;
  if (!target || others.length > 0) {
    throw new HoldfastError('USAGE', `This command takes one app or instance: got "${name}"`);
  }
  const { app, slot } = target;
  const part = slot === null ? {} : { slot };
  if (kind === 'heap') await askFirst(context, app, slot, options.yes === true);
  const timed = kind === 'cpu' || kind === 'alloc';
  say(
    context,
    timed
      ? `${name} is looked at for ${formatDuration(forMs)}; Ctrl-C ends it early`
      : `${name} is looked at`,
  );
  const signal = timed ? endEarly(context, found.client, app.name, part) : context.signal;
  const view = await found.client.profile(app.name, { kind, forMs, ...part }, { signal });
  await hand(context, view, options);
}

function wanted({ cpu, alloc, heap, report }: ProfileOptions): { kind: ProfileKind; forMs: number } {
  const kinds = [cpu && 'cpu', alloc && 'alloc', heap && 'heap', report && 'report'].filter(Boolean);
  if (kinds.length > 1) {
    throw new HoldfastError('USAGE', `A profile is of one kind: got --${kinds.join(' and --')}`);
  }
  const kind = (kinds[0] || 'cpu') as ProfileKind;
  const time = kind === 'alloc' ? alloc : cpu;
  return { kind, forMs: typeof time === 'number' ? time : DEFAULT_MS };
}

/** What it costs is told beforehand: an instance near its memory limit may die of it. */
async function askFirst(context: Context, app: AppView, slot: number | null, yes: boolean): Promise<void> {
  const { confirm } = await import('../confirm.ts');
  const instance = app.instances.find((one) => (slot === null ? one.status === 'ready' : one.slot === slot));
  const heap = instance?.heapBytes ?? null;
  const size = heap === null ? 'its heap' : `${formatBytes(heap)} of heap`;
  say(
    context,
    `A heap snapshot of ${instance?.id ?? app.name} (${size}) can take as much memory again, and it answers nobody until it is done: about a second for 50 MB`,
  );
  await confirm(context, {
    question: 'Take it?',
    otherwise: 'No heap snapshot was taken',
    purpose: 'to take it',
    yes,
  });
}

/** The first Ctrl-C ends the profile, a second one the wait for it. */
function endEarly(context: Context, client: Client, app: string, part: { slot?: number }): AbortSignal {
  const gone = new AbortController();
  let asked = false;
  context.takeSignals(() => {
    if (asked) gone.abort();
    asked = true;
    client.endProfile(app, part).catch(() => undefined);
  });
  return gone.signal;
}

async function hand(context: Context, view: ProfileView, { output }: ProfileOptions): Promise<void> {
  const { out, err, json } = context;
  if (output === '-') {
    for await (const text of createReadStream(view.file, 'utf8')) await out.flow(String(text));
  } else if (output !== undefined) await copyFile(view.file, resolve(context.cwd, output));
  const file = output === undefined || output === '-' ? view.file : resolve(context.cwd, output);
  if (json) {
    if (output !== '-') out.json({ ...view, file });
    return;
  }
  if (view.kind === 'cpu' && view.bytes <= TABLE_BYTES) {
    const lines = await hotLines(view.file, (output === '-' ? err : out).width);
    if (output === '-') err.lines(lines);
    else out.lines(lines);
  }
  const { style } = err;
  err.line(`${style.bold(view.instance)}: ${file} (${formatBytes(view.bytes)})`);
  err.line(style.dim(`open it with ${OPEN_WITH[view.kind]}`));
}

async function hotLines(file: string, width: number): Promise<string[]> {
  const { hotFunctions, shortPlace } = await import('../print/hot-functions.ts');
  const { table } = await import('../print/table.ts');
  const { functions, idleMs, totalMs } = hotFunctions(JSON.parse(await readFile(file, 'utf8')));
  const share = (ms: number) => `${totalMs === 0 ? 0 : Math.round((ms / totalMs) * 100)}%`;
  const rows = functions
    .slice(0, ROWS)
    .map(({ name, place, selfMs }) => [share(selfMs), `${Math.round(selfMs)} ms`, name, shortPlace(place)]);
  const columns = [
    { head: 'share', align: 'right' },
    { head: 'self', align: 'right' },
    { head: 'function', shrink: 16 },
    { head: 'where', shrink: 16 },
  ] as const;
  return [
    ...(rows.length > 0 ? table(columns, rows, { width }) : []),
    `idle ${share(idleMs)} of ${formatDuration(totalMs)}`,
  ];
}

function say({ err, json }: Context, text: string): void {
  if (!json) err.line(text);
}

function parseTime(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 100 || ms > 600_000) {
    throw new InvalidArgumentError('It must be a time from 100ms to 10m, such as 10s');
  }
  return ms;
}
