/** Watches a release that has traffic, beside the release before or after it, until its time is up or it is plainly worse. */
import type { Clock } from '../../kit/clock.ts';
import type { TrafficView } from '../../protocol/api.ts';
import type { CrashLog, SeenCrash } from './crash-log.ts';
import { FailedStep, printedOutput } from './failed-step.ts';
import { figuresSince, type Mark, markOf, noFigures, total } from './figures.ts';
import { judgeCrashes, judgeTraffic } from './judge.ts';
import { nextName } from './next-name.ts';
import type { Figures, Past, Promotion } from './promotion.ts';

export interface WatchOptions {
  readonly clock: Clock;
  readonly crashes: Pick<CrashLog, 'all' | 'onCrash'>;
  traffic(): Pick<TrafficView, 'instances'>;
}

/** Edges tell what they have counted once a second. */
const LOOK_MS = 1000;
const LITTLE = 20;

const noPast: Past = { ...noFigures, crashes: 0 };

/** @returns what was seen, in a few words. @throws FailedStep when it is worse than the release before */
export async function watch(
  promotion: Promotion,
  forMs: number,
  { clock, crashes, traffic }: WatchOptions,
  signal: AbortSignal,
): Promise<string> {
  const beginning = new Beginning();
  const look = (): string => {
    const view = traffic();
    const seen = comparisons(promotion, view, beginning.markFor(view));
    const fallen = judgeAll(promotion, crashesDuring(promotion, crashes.all()), seen);
    if (fallen) throw fallen;
    const { requests, errors } = total(seen.map(({ fresh }) => fresh));
    return requests === 0 ? 'no crash' : `no crash, 5xx: ${errors} of ${requests} requests`;
  };
  return new Promise((resolve, reject) => {
    const end = () => {
      stopListening();
      for (const cancel of [cancelLook, cancelEnd]) cancel();
      signal.removeEventListener('abort', end);
    };
    const attempt = (): string | undefined => {
      try {
        return look();
      } catch (error) {
        end();
        reject(error);
      }
    };
    const again = () => {
      if (attempt() !== undefined) cancelLook = clock.after(LOOK_MS, again);
    };
    let cancelLook = clock.after(LOOK_MS, again);
    const cancelEnd = clock.after(forMs, () => {
      const seen = attempt();
      if (seen === undefined) return;
      end();
      resolve(seen);
    });
    const stopListening = crashes.onCrash(attempt);
    signal.addEventListener('abort', end);
    attempt();
  });
}

/**
 * Where counting begins. Edges count since they began, and a daemon that has just come learns of it from their first reports: what is in
 * those, another release may have done.
 */
class Beginning {
  #mark: Mark | null = null;
  #isFirst = true;
  #heard = false;

  markFor(view: Pick<TrafficView, 'instances'>): Mark {
    if (this.#mark) return this.#mark;
    const now = markOf(view);
    // When the first look shows nothing: one look later than the first report, since there may be several edges.
    if (now.size > 0 && (this.#isFirst || this.#heard)) this.#mark = now;
    this.#isFirst = false;
    this.#heard = now.size > 0;
    return now;
  }
}

/** Its own all happened since it began, whatever the clock of the machine says meanwhile. */
function crashesDuring({ release, startedAt }: Promotion, all: readonly SeenCrash[]): readonly SeenCrash[] {
  return all.filter((crash) => crash.release === release || crash.at >= startedAt);
}

interface Comparison {
  readonly app: string;
  readonly fresh: Figures;
  readonly old: Figures;
}

function comparisons(
  { step, plan, past }: Promotion,
  view: Pick<TrafficView, 'instances'>,
  mark: Mark,
): readonly Comparison[] {
  return Object.keys(plan.apps).map((app) => {
    const before = past[app] ?? noFigures;
    if (step !== 'canary') return { app, fresh: figuresSince(view, mark, app), old: before };
    // What happens to both is not the fault of the new one.
    const beside = figuresSince(view, mark, app);
    const fresh = figuresSince(view, mark, nextName(app));
    return { app, fresh, old: beside.requests >= LITTLE ? beside : before };
  });
}

export function judgeAll(
  { release, plan, past }: Promotion,
  crashes: readonly SeenCrash[],
  seen: readonly Comparison[],
): FailedStep | null {
  for (const app of Object.keys(plan.apps)) {
    const all = crashes.filter((crash) => crash.app === app);
    const fresh = all.filter((crash) => crash.release === release);
    const old = all.filter((crash) => crash.release !== release && !crash.forGood).length;
    const problem = judgeCrashes(
      fresh.filter(({ forGood }) => !forGood).length,
      old + (past[app] ?? noPast).crashes,
    );
    const last = fresh.at(-1);
    const gaveUp = fresh.some(({ forGood }) => forGood);
    if (last && (problem || gaveUp)) {
      const what = gaveUp ? 'crashes again and again' : problem;
      const output = fresh.findLast((crash) => crash.output.length > 0)?.output ?? [];
      return new FailedStep(`${app} ${what}: ${last.instance} ${last.reason}`, printedOutput(output));
    }
  }
  for (const { app, fresh, old } of seen) {
    const problem = judgeTraffic(fresh, old);
    if (problem) return new FailedStep(`${app}: ${problem}`);
  }
  return null;
}
