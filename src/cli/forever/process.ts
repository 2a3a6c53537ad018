/** One process of `hold forever`: an app of Holdfast, and what forever's users know it by. */
import { relative, resolve } from 'node:path';
import type { Client } from '../../client/client.ts';
import type { AppPlan } from '../../config/plan.ts';
import type { AppDetail } from '../../protocol/api.ts';

/** Commands of Holdfast take it as the name of them all. */
export const NAMESPACE = 'forever';
/** In the environment of the app, since nothing else stays with it as long as it lives. JSON of ForeverMark. */
export const MARK = 'FOREVER_PROCESS';

/** What the plan of an app does not say. */
export interface ForeverMark {
  readonly root: string;
  readonly uid: string;
  readonly id?: string;
  readonly sourceDir: string;
  /** Absolute. */
  readonly script: string;
  /** With its arguments; left out: node. */
  readonly command?: string;
}

export interface ForeverProcess extends ForeverMark {
  /** Of the app. */
  readonly name: string;
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly logFile: string | null;
  /** Of the process, or of the last one. */
  readonly pid: number | null;
  /** Of the daemon. */
  readonly foreverPid: number;
  readonly running: boolean;
  /** ms; null when it does not run */
  readonly uptimeMs: number | null;
}

/** Those of this root, in the order in which they are listed. */
export async function foreverProcesses(client: Client, root: string): Promise<ForeverProcess[]> {
  const apps = (await client.apps()).filter(({ namespace }) => namespace === NAMESPACE);
  if (apps.length === 0) return [];
  const [daemon, ...details] = await Promise.all([
    client.daemon(),
    // One that is deleted just now is none.
    ...apps.map(({ name }) => client.app(name).catch(() => null)),
  ]);
  const all = details.flatMap((detail) => (detail ? (foreverProcess(detail, daemon.pid) ?? []) : []));
  return all.filter((each) => each.root === root);
}

export function foreverProcess(detail: AppDetail, daemonPid: number): ForeverProcess | undefined {
  const { name, plan, instances, events, status } = detail;
  const mark = readMark(plan);
  if (!mark) return undefined;
  const [instance] = instances;
  const running = status !== 'stopped' && status !== 'failed' && status !== 'done';
  const lastPid = events.findLast(({ pid }) => pid !== undefined)?.pid;
  return {
    ...mark,
    name,
    args: plan.command.node ? plan.command.args : after(plan.command.args, mark.script),
    workingDir: plan.cwd,
    logFile: plan.log.files.all,
    pid: instance?.pid ?? lastPid ?? null,
    foreverPid: daemonPid,
    running,
    uptimeMs: running ? (instance?.uptimeMs ?? 0) : null,
  };
}

/** As forever prints it: relative to where the script comes from. */
export function scriptName({ script, sourceDir }: ForeverProcess): string {
  const short = relative(sourceDir, script);
  return sourceDir === '/' || short.startsWith('..') || short === '' ? script : short;
}

/** The processes that a person means, as forever finds them: by script, id, index, uid or pid, in this order. */
export function findTarget(target: string, all: readonly ForeverProcess[], cwd: string): ForeverProcess[] {
  const isNumber = target.trim() !== '' && !Number.isNaN(Number(target));
  const ways: readonly ((process: ForeverProcess, index: number) => boolean)[] = [
    ({ script }) => !isNumber && resolve(cwd, target) === script,
    ({ id }) => id === target,
    (_, index) => /^\d+$/.test(target) && index === Number(target),
    ({ uid }) => uid === target,
    ({ pid }) => isNumber && pid === Number(target),
  ];
  for (const isMeant of ways) {
    const found = all.filter(isMeant);
    if (found.length > 0) return found;
  }
  return [];
}

function readMark({ env }: AppPlan): ForeverMark | undefined {
  try {
    const mark = JSON.parse(env[MARK] ?? 'null') as Partial<ForeverMark> | null;
    const { root, uid, sourceDir, script } = mark ?? {};
    if (root === undefined || uid === undefined || sourceDir === undefined || script === undefined)
      return undefined;
    return { ...mark, root, uid, sourceDir, script };
  } catch {
    return undefined;
  }
}

function after(words: readonly string[], word: string): readonly string[] {
  const at = words.indexOf(word);
  return at < 0 ? words : words.slice(at + 1);
}
