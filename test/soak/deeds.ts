/** What people and fate do to the apps of a soak, in an order that the seed decides. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, processesWith } from '../support/processes.ts';
import type { TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import type { SoakApp } from './programs.ts';
import type { Chance } from './random.ts';

/** What is wanted of an app, if every command was obeyed. */
export interface Wish {
  instances: number;
  stopped: boolean;
}

export interface Mischief {
  /** Commands as they were given, kills as they were done. */
  readonly history: string[];
  /** Commands that failed for good. */
  readonly refused: string[];
  readonly wishes: ReadonlyMap<string, Wish>;
  daemonKills: number;
}

export interface MischiefOptions {
  readonly home: TestHome;
  readonly chance: Chance;
  readonly apps: readonly SoakApp[];
  /** ms */
  readonly duration: number;
  /** Time after which the daemon and the holder are left alone, so that their memory can be watched. ms */
  readonly calm: number;
  /** Commands at a time, each to another app. */
  readonly hands: number;
}

/** A daemon that dies more often than this comes back with growing pauses, see `restartDelay`. */
const LEAST_BETWEEN_DAEMON_KILLS = 22_000;
/** When both are gone nobody holds the ports and the pipes: that is another story. */
const LEAST_BETWEEN_KILLS = 3000;
const FIRST_DAEMON_KILL = 10;
const TRIES = 30;

export async function makeMischief(options: MischiefOptions): Promise<Mischief> {
  const { home, chance, apps, duration, calm, hands } = options;
  const wishes = new Map(apps.map(({ name, instances }) => [name, { instances, stopped: false }]));
  const done: Mischief = { history: [], refused: [], wishes, daemonKills: 0 };
  const begin = performance.now();
  const busy = new Map<string, Promise<void>>();
  let deeds = 0;
  let holderKilledAt = Number.NEGATIVE_INFINITY;
  let daemonKilledAt = Number.NEGATIVE_INFINITY;

  const command = async (...args: string[]): Promise<void> => {
    done.history.push(args.join(' '));
    let said = '';
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const { code, stderr } = await home.run(args);
      if (code === 0) return;
      said = stderr;
      // An instance was killed, or the daemon, while the command waited for it: whoever gave it says it again.
      await sleep(300);
    }
    done.refused.push(`hold ${args.join(' ')}: ${said.trim()}`);
  };
  const killNamed = async (who: string, file: string): Promise<void> => {
    done.history.push(`kill the ${who}`);
    const pidIn = () => JSON.parse(readFileSync(file, 'utf8')).pid as number;
    const pid = pidIn();
    process.kill(pid, 'SIGKILL');
    await until(() => pidIn() !== pid && isAlive(pidIn()), {
      why: `there is another ${who}`,
      deadline: 60_000,
    });
  };

  while (performance.now() - begin < duration) {
    const app = apps[chance.below(apps.length)]?.name ?? '';
    const size = 1 + chance.below(6);
    const signal = chance.pick([
      ['SIGKILL', 3],
      ['SIGTERM', 1],
    ] as const);
    const picked = chance.pick([
      ['kill', 8],
      ['stop', 3],
      ['scale', 3],
      ['reload', 2],
      ['restart', 2],
      ['daemon', 1],
      ['holder', 1],
    ] as const);
    deeds += 1;
    // Also in a short soak the daemon is killed once.
    const deed = deeds >= FIRST_DAEMON_KILL && done.daemonKills === 0 ? 'daemon' : picked;
    const isCalm = performance.now() - begin > calm;
    if (deed === 'kill') {
      killOne(home, app, size, signal, done.history);
      await sleep(20);
      continue;
    }
    if (deed === 'daemon' || deed === 'holder') {
      const now = performance.now();
      const isSoon =
        now - holderKilledAt < LEAST_BETWEEN_KILLS ||
        now - daemonKilledAt < (deed === 'daemon' ? LEAST_BETWEEN_DAEMON_KILLS : LEAST_BETWEEN_KILLS);
      if (isCalm || isSoon) await sleep(20);
      else if (deed === 'daemon') {
        done.daemonKills += 1;
        await killNamed(deed, home.paths.daemonPid);
        daemonKilledAt = performance.now();
      } else {
        await killNamed(deed, home.paths.holderPid);
        holderKilledAt = performance.now();
      }
      continue;
    }
    const wish = wishes.get(app);
    if (!wish) continue;
    const args = wish.stopped
      ? ['start', app]
      : deed === 'scale'
        ? ['scale', app, String(size)]
        : [deed, app];
    if (args[0] === 'scale') wish.instances = size;
    if (args[0] === 'start') wish.stopped = false;
    if (args[0] === 'stop') wish.stopped = true;
    const before = busy.get(app) ?? Promise.resolve();
    const mine = before
      .then(() => command(...args))
      .finally(() => busy.get(app) === mine && busy.delete(app));
    busy.set(app, mine);
    while (busy.size >= hands) await Promise.race(busy.values());
  }
  await Promise.all(busy.values());
  return done;
}

/** Ends the process of one instance, whatever it is doing. */
function killOne(
  home: TestHome,
  app: string,
  which: number,
  signal: NodeJS.Signals,
  history: string[],
): void {
  const ofHome = new Set(processesWith(`HOLDFAST_HOME=${home.paths.home}\0`).map(({ pid }) => pid));
  const theirs = processesWith(`HOLDFAST_APP=${app}\0`).filter(
    ({ pid, command }) => ofHome.has(pid) && /ticker\.sh|server\.js/.test(command),
  );
  const victim = theirs[which % Math.max(1, theirs.length)];
  if (!victim) return;
  history.push(`${signal} to one of ${app}`);
  try {
    process.kill(victim.pid, signal);
  } catch {
    // It was quicker.
  }
}
