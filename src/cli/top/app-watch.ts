/** `hold ls --watch`: on a terminal the same table again and again in one place; elsewhere a listing for every change. */
import { HoldfastError } from '../../errors.ts';
import type { AppView } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import { appTable } from '../print/app-table.ts';
import { hasScreen } from '../print/style.ts';
import { InPlace } from './in-place.ts';
import { pause } from './news.ts';

const everyMs = 1000;

/** Until Ctrl-C. `look` is asked every second; a daemon that is away is waited for. */
export async function watchApps(
  context: Context,
  look: () => Promise<readonly AppView[]>,
  all: boolean,
): Promise<void> {
  const show =
    hasScreen(context.out.isTTY, context.env) && !context.json ? inPlace(context) : inTurn(context);
  try {
    while (!context.signal.aborted) {
      await show(...(await table(context, look, all)));
      await pause(everyMs, context.signal);
    }
  } finally {
    show.end();
  }
}

type Show = ((lines: readonly string[], apps: readonly AppView[]) => Promise<void>) & { end(): void };

async function table(
  { out, signal }: Context,
  look: () => Promise<readonly AppView[]>,
  all: boolean,
): Promise<[lines: readonly string[], apps: readonly AppView[]]> {
  try {
    const apps = await look();
    if (apps.length === 0) return [['nothing is running'], apps];
    return [appTable(apps, { width: out.width, style: out.style, all }), apps];
  } catch (error) {
    const isAway = error instanceof HoldfastError && error.code === 'DAEMON_UNREACHABLE';
    if (!isAway || signal.aborted) throw error;
    return [[`waiting for the daemon: ${error.message}`], []];
  }
}

function inPlace({ out: { stream } }: Context): Show {
  const screen = new InPlace(stream);
  const show = async (lines: readonly string[]) => screen.show(lines);
  return Object.assign(show, { end: () => screen.end() });
}

/** What only grows or trembles, as figures do, is no change. */
function inTurn({ out, json }: Context): Show {
  let before: string | undefined;
  const show = async (lines: readonly string[], apps: readonly AppView[]) => {
    const now = JSON.stringify(apps.length === 0 ? lines : apps.map(lasting));
    if (now === before) return;
    await out.flow(
      json ? `${JSON.stringify(apps)}\n` : `${before === undefined ? '' : '\n'}${lines.join('\n')}\n`,
    );
    before = now;
  };
  return Object.assign(show, { end: () => undefined });
}

function lasting({ name, status, wanted, urls, instances }: AppView): unknown {
  const each = instances.map(({ id, serial, pid, status, restarts, reason }) => [
    ...[id, serial, pid, status, restarts, reason],
  ]);
  return [name, status, wanted, urls, each];
}
