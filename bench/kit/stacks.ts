/** Loads several ways of serving one app in turn, and counts what they cost. */
import { median } from './figures.ts';
import { totalCpuMs } from './processes.ts';
import { Scratch } from './scratch.ts';
import type { Settings } from './section.ts';
import { type LoadResult, wrk } from './wrk.ts';

/** One way to serve an app. */
export interface Contender {
  readonly name: string;
  /** Undefined when this machine does not have it. */
  version(): string | undefined;
  start(scratch: Scratch): Promise<Stack>;
}

/** A contender that runs. */
export interface Stack {
  readonly url: string;
  /** Processes between the client and the app, or beside it: proxy, supervisor. */
  frontPids(): number[];
  appPids(): number[];
}

export interface LoadFigures {
  readonly name: string;
  readonly version: string;
  readonly frontMicros: number;
  readonly wholeMicros: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly errors: number;
}

export type Load = (url: string, seconds: number) => Promise<LoadResult>;

/** All contenders that this machine has, started together and loaded in turn; medians over the rounds. */
export async function loadInTurn(
  contenders: readonly Contender[],
  { rounds, seconds, say }: Settings,
  load: Load = wrk,
): Promise<LoadFigures[]> {
  const scratch = new Scratch();
  try {
    const runs: { contender: Contender; stack: Stack; results: Omit<LoadFigures, 'name' | 'version'>[] }[] =
      [];
    for (const contender of contenders) {
      if (contender.version() === undefined) say(`${contender.name}: not on this machine`);
      else runs.push({ contender, stack: await contender.start(scratch), results: [] });
    }
    for (const { stack } of runs) await load(stack.url, 2);
    for (let round = 1; round <= rounds; round++) {
      for (const { contender, stack, results } of runs) {
        const result = await loadOnce(stack, seconds, load);
        results.push(result);
        const { frontMicros, wholeMicros, perSecond } = result;
        say(
          `round ${round}: ${contender.name}: ${frontMicros.toFixed(1)} / ${wholeMicros.toFixed(1)} µs, ${perSecond.toFixed(0)}/s`,
        );
      }
    }
    return runs.map(({ contender, results }) => ({
      name: contender.name,
      version: contender.version() ?? '',
      frontMicros: median(results.map((result) => result.frontMicros)),
      wholeMicros: median(results.map((result) => result.wholeMicros)),
      perSecond: median(results.map((result) => result.perSecond)),
      p99Ms: median(results.map((result) => result.p99Ms)),
      errors: results.reduce((sum, result) => sum + result.errors, 0),
    }));
  } finally {
    await scratch.close();
  }
}

async function loadOnce(
  stack: Stack,
  seconds: number,
  load: Load,
): Promise<Omit<LoadFigures, 'name' | 'version'>> {
  const [front, apps] = [stack.frontPids(), stack.appPids()];
  const [frontBefore, appsBefore] = [totalCpuMs(front), totalCpuMs(apps)];
  const { requests, perSecond, p99Ms, errors } = await load(stack.url, seconds);
  const frontMs = totalCpuMs(front) - frontBefore;
  const appsMs = totalCpuMs(apps) - appsBefore;
  return {
    frontMicros: (frontMs * 1000) / requests,
    wholeMicros: ((frontMs + appsMs) * 1000) / requests,
    perSecond,
    p99Ms,
    errors,
  };
}
