/** `start SCRIPT` and `start processes.json`: from options to apps that run. */
import { statSync, truncateSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import type { Client } from '../../client/client.ts';
import {
  defaultMinUptimeMs,
  foreverApp,
  foreverName,
  foreverPaths,
  nameOfScript,
} from '../../config/import/forever-app.ts';
import {
  type ForeverOptions,
  type ForeverSettings,
  readForeverFile,
  readSettings,
} from '../../config/import/forever-settings.ts';
import type { AppPlan } from '../../config/plan.ts';
import { asHoldfastError, HoldfastError } from '../../errors.ts';
import { ForeignExit } from '../foreign.ts';
import { type ForeverMark, type ForeverProcess, foreverProcesses, MARK, NAMESPACE } from './process.ts';
import { ForeverRoot, makeDirectory } from './root.ts';
import type { Session } from './session.ts';

/** What scripts of forever's users know as "it did not start": -1, as far as a byte can hold it. */
const CANNOT_START = 255;

/** @throws ForeignExit when nothing was started; what is wrong has been said then */
export async function start(session: Session): Promise<readonly ForeverProcess[]> {
  const { context, voice } = session;
  const orders = readOrders(session);
  const isStart = session.command.action === 'start';
  for (const { script } of isStart ? orders : [])
    voice.info(`Forever processing file: ${voice.style.dim(script)}`);
  // All of them before the first is started: half a list is harder to mend than none.
  for (const order of orders) checkFiles(session, order);
  const client = await context.connect();
  const started: ForeverProcess[] = [];
  for (const order of orders) started.push(await startOne(session, client, order));
  return started;
}

/** One process to start. */
interface Order extends ForeverSettings {
  readonly root: ForeverRoot;
  /** As it was typed: the script, or a JSON file. */
  readonly file: string;
}

function readOrders(session: Session): Order[] {
  const { context, voice, root, command } = session;
  const file = command.words[0] ?? '';
  try {
    const options: ForeverOptions = {
      ...readSettings(command.options, (key) => `Option "--${key}"`),
      args: command.scriptArgs,
    };
    const read = extname(file) === '.json' ? readForeverFile(resolve(context.cwd, file), file) : undefined;
    const all = (read?.processes ?? [{ script: file }]).map((own) => ({ ...options, ...own }));
    for (const key of read?.ignored ?? [])
      voice.warn(`"${key}" in ${file} is not known to forever and is ignored`);
    warn(session, all);
    return all.map((each) => {
      const own = each.path === undefined ? root : new ForeverRoot(resolve(context.cwd, each.path));
      return { ...each, root: own, file };
    });
  } catch (error) {
    const { message, code } = asHoldfastError(error);
    voice.error(message);
    // A file without a script is the one mistake that forever ends with another code.
    throw new ForeignExit(code === 'IMPORT_INVALID' && message.includes('"script"') ? 1 : CANNOT_START);
  }
}

function warn({ voice }: Session, all: readonly ForeverSettings[]): void {
  const hasty = all.find(({ minUptime }) => !minUptime);
  if (hasty) voice.warn(`--minUptime not set. Defaulting to: ${defaultMinUptimeMs}ms`);
  const mortal = all.find(({ spinSleepTime }) => spinSleepTime === undefined);
  if (mortal) {
    const ms = mortal.minUptime || defaultMinUptimeMs;
    voice.warn(`--spinSleepTime not set. Your script will exit if it does not stay up for at least ${ms}ms`);
  }
}

function checkFiles(session: Session, order: Order): void {
  const { script } = foreverPaths(order, {
    cwd: session.context.cwd,
    root: order.root.dir,
    file: order.file,
  });
  if (!isThere(script)) throw cannotStart(session, `script ${script} does not exist.`);
  if (order.append) return;
  const { uid } = order;
  // What nobody named is ours, and is continued: forever makes a new file with a random name each time.
  const named = order.logFile ?? order.root.text('logFile') ?? (uid === undefined ? undefined : `${uid}.log`);
  if (named === undefined) return;
  const logFile = resolve(order.root.dir, named);
  if (isThere(logFile) && logFile !== '/dev/null') {
    throw cannotStart(session, `log file ${logFile} exists. Use the -a or --append option to append log.`);
  }
}

async function startOne(session: Session, client: Client, order: Order): Promise<ForeverProcess> {
  const { context, voice } = session;
  try {
    const all = await foreverProcesses(client, order.root.dir);
    // One of the same uid that has ended makes room; forever would list both.
    const ended = all.find(({ uid, running }) => uid === order.uid && !running);
    if (ended) await client.delete(ended.name);
    const { plan, mark } = await startUnderFreeName(session, client, order);
    const own = (await foreverProcesses(client, order.root.dir)).find(({ name }) => name === plan.name);
    return own ?? gone(plan, mark);
  } catch (error) {
    if (error instanceof ForeignExit) throw error;
    const { message, details } = asHoldfastError(error);
    throw cannotStart(session, message, ...details);
  } finally {
    if (context.signal.aborted)
      voice.warn('interrupted: what was asked for goes on, see `hold forever list`');
  }
}

interface Planned {
  readonly plan: AppPlan;
  readonly mark: ForeverMark;
}

async function startUnderFreeName(session: Session, client: Client, order: Order): Promise<Planned> {
  const { cwd, env, signal } = session.context;
  for (let triesLeft = 20; ; triesLeft--) {
    const taken = (await client.apps()).map(({ name }) => name);
    const planned = await planFor(order, cwd, env, taken);
    prepareFiles(order, planned.plan);
    try {
      await client.startApp(planned.plan, { signal });
      return planned;
    } catch (error) {
      const code = error instanceof HoldfastError ? error.code : undefined;
      // Another command has taken the name meanwhile.
      if (code === 'APP_EXISTS' && triesLeft > 0) continue;
      if (!(error instanceof HoldfastError) || code !== 'START_FAILED') throw error;
      explain(session, order, error);
      return planned;
    }
  }
}

async function planFor(
  order: Order,
  cwd: string,
  env: NodeJS.ProcessEnv,
  taken: readonly string[],
): Promise<Planned> {
  const place = { cwd, root: order.root.dir, file: order.file };
  const { script, sourceDir } = foreverPaths(order, place);
  const name = freeName(order.uid === undefined ? nameOfScript(script) : foreverName(order.uid), taken);
  const uid = order.uid ?? name;
  const mark: ForeverMark = {
    root: order.root.dir,
    uid,
    ...(order.id !== undefined && { id: order.id }),
    sourceDir,
    script,
    ...(order.command !== undefined && { command: order.command }),
  };
  const named = {
    ...order,
    logFile: order.logFile ?? order.root.text('logFile') ?? `${uid}.log`,
    // Two of one uid have a file each.
    pidFile: order.pidFile ?? order.root.text('pidFile') ?? `${name === foreverName(uid) ? uid : name}.pid`,
  };
  const { run, cwd: workingDir, ...settings } = foreverApp(named, place);
  // The schema takes as long to load as all the rest: commands that only look do without.
  const { planForStart } = await import('../../config/start.ts');
  const plan = planForStart({
    run,
    name,
    cwd: workingDir,
    env: { [MARK]: JSON.stringify(mark) },
    settings: { ...settings, namespace: NAMESPACE, ready: 'started' },
    shellEnv: env,
  });
  return { plan, mark };
}

/** As forever does: `-o` and `-e` begin empty unless `-a`, and stay whole over every restart. */
function prepareFiles(order: Order, { log, pidFile }: AppPlan): void {
  const { all, out, err } = log.files;
  order.root.prepare();
  for (const file of [all, out, err, pidFile]) if (file !== null) makeDirectory(dirname(file));
  if (order.append) return;
  for (const file of [out, err]) if (file !== null && isFileWithContent(file)) truncateSync(file);
}

/** It was started, and ended at once: to forever that is a start like any other, but it is worth a word. */
function explain({ voice }: Session, order: Order, { message, details }: HoldfastError): void {
  voice.warn(`${order.script}: ${message}`);
  for (const line of details) voice.warn(line);
}

function gone(plan: AppPlan, mark: ForeverMark): ForeverProcess {
  const { name, cwd, log } = plan;
  return {
    ...mark,
    name,
    args: [],
    workingDir: cwd,
    logFile: log.files.all,
    pid: null,
    foreverPid: 0,
    running: false,
    uptimeMs: null,
  };
}

function cannotStart({ voice }: Session, ...reasons: readonly string[]): ForeignExit {
  voice.error('Cannot start forever');
  for (const reason of reasons) voice.error(reason);
  return new ForeignExit(CANNOT_START);
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isFileWithContent(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size > 0;
}

function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  let number = 2;
  while (taken.includes(`${wanted}-${number}`)) number++;
  return `${wanted}-${number}`;
}
