/**
 * The life of one instance as a table of phase x event (after s6-supervise and runit). Wish and fact are kept
 * apart: commands change the wish, the world changes the phase. There is one deadline; what its passing means is the phase
 * that it passes in. Effects are data, carried out by instance.ts. The compiler refuses a missing cell.
 */
import { type Exit, unknownExit } from './exit.ts';
import { afterExit, nextDelay, type Policy } from './restart-policy.ts';

/**
 * - down: no process, none wanted
 * - starting: a process was asked for, or runs but is not ready
 * - ready: it runs and may get work
 * - stopping: it was told to end, and has not ended
 * - backoff: it ended or could not be started, and waits for its next start
 * - failed: it ended too often or too early; only a command starts it again
 * - done: it ended by itself and stays so, or is a job between two runs; only a command or the clock starts it
 */
export type Phase = 'down' | 'starting' | 'ready' | 'stopping' | 'backoff' | 'failed' | 'done';

export type MachineEvent =
  /** By a person or the clock: what went wrong before no longer counts. */
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'restart' }
  /** It shall be there, but not run before a `start`: a job. */
  | { readonly type: 'wait'; readonly reason: string }
  /** What went wrong before no longer counts. */
  | { readonly type: 'forgive' }
  | { readonly type: 'ready' }
  /** It runs but must be replaced: a probe or a watchdog says so. `urgent`: it cannot hear the stop signal. */
  | { readonly type: 'unhealthy'; readonly reason: string; readonly urgent?: boolean }
  | { readonly type: 'exited'; readonly exit: Exit; readonly reason: string }
  | { readonly type: 'spawnFailed'; readonly reason: string }
  /** The deadline has passed. */
  | { readonly type: 'timeout' };

export type Effect =
  | { readonly type: 'spawn' }
  /** `stop` is the way that the plan names. */
  | { readonly type: 'signal'; readonly signal: 'stop' | 'kill' };

export interface MachineState {
  readonly phase: Phase;
  readonly wish: 'up' | 'down';
  /** In ms since the epoch; null when the phase waits for nothing. */
  readonly deadline: number | null;
  /** When the crashes happened that count for giving up. */
  readonly crashes: readonly number[];
  /** Crashes since it last was ready for long; drives the backoff. */
  readonly crashesInARow: number;
  /** Times that it was started again after an exit, since it was started by a command. */
  readonly restarts: number;
  /** When its process was asked for. */
  readonly startedAt: number | null;
  readonly readySince: number | null;
  /** How its process ended; null when it has not, or could not be started. */
  readonly exit: Exit | null;
  /** In `stopping`: we end it because it is unwell, so its exit counts as a crash. */
  readonly condemned: string | null;
  /** Why it is where it is, for people. */
  readonly reason: string | null;
}

export interface Step {
  readonly state: MachineState;
  readonly effects: readonly Effect[];
}

export interface Context {
  readonly now: number;
  /** 0 <= random < 1 */
  readonly random: number;
  readonly policy: Policy;
}

/** How often SIGKILL is repeated to a process that the kernel does not let die. */
const KILL_AGAIN_MS = 5_000;

export const initialState: MachineState = {
  phase: 'down',
  wish: 'down',
  deadline: null,
  crashes: [],
  crashesInARow: 0,
  restarts: 0,
  startedAt: null,
  readySince: null,
  exit: null,
  condemned: null,
  reason: null,
};

/** The next state and what is to be done, from a state and what happened. */
export function step(state: MachineState, event: MachineEvent, context: Context): Step {
  const act = table[state.phase][event.type] as AnyAct;
  return act(state, event, context);
}

/**
 * Where an instance is whose process was asked for, but never began: the daemon ended in between. Nothing has gone wrong, so nothing
 * counts; `asked for` still holds, but a job waits for its next time.
 */
export function neverBegun(state: MachineState, { now, policy }: Context): MachineState {
  if (state.phase === 'starting' && !policy.job) return { ...state, phase: 'backoff', deadline: now };
  return { ...state, phase: 'down', wish: 'down', deadline: null, condemned: null, reason: null };
}

type EventOf<T extends MachineEvent['type']> = Extract<MachineEvent, { type: T }>;
type Act<T extends MachineEvent['type']> = (state: MachineState, event: EventOf<T>, context: Context) => Step;
/** An act for which it does not matter what happened. */
type AnyAct = (state: MachineState, event: MachineEvent, context: Context) => Step;
type Table = { readonly [P in Phase]: { readonly [T in MachineEvent['type']]: Act<T> } };

const stay: AnyAct = (state) => ({ state, effects: [] });

const launch: AnyAct = (state, _event, { now, policy }) => ({
  state: {
    ...state,
    phase: 'starting',
    wish: 'up',
    deadline: now + policy.readyTimeoutMs,
    startedAt: now,
    readySince: null,
    exit: null,
    condemned: null,
  },
  effects: [{ type: 'spawn' }],
});

const forgiven = { crashes: [], crashesInARow: 0, restarts: 0 } as const;

/** A person or the clock asks for it. */
const launchAfresh: AnyAct = (state, event, context) =>
  launch({ ...state, ...forgiven, reason: null }, event, context);

const forgive: AnyAct = (state) => ({ state: { ...state, ...forgiven }, effects: [] });

const online: Act<'ready'> = (state, _event, { now }) => ({
  state: { ...state, phase: 'ready', deadline: null, readySince: now, reason: null },
  effects: [],
});

const end = (
  wish: 'up' | 'down',
  condemned: string | null,
  state: MachineState,
  { now, policy }: Context,
): Step => ({
  state: {
    ...state,
    phase: 'stopping',
    wish,
    condemned,
    reason: condemned,
    deadline: now + policy.stopTimeoutMs,
  },
  effects: [{ type: 'signal', signal: 'stop' }],
});

const stop: Act<'stop'> = (state, _event, context) => end('down', null, state, context);
const restart: Act<'restart'> = (state, _event, context) => end('up', null, state, context);
const neverReady: Act<'timeout'> = (state, _event, context) =>
  end('up', `not ready within ${context.policy.readyTimeoutMs / 1000} s`, state, context);

const condemn: Act<'unhealthy'> = (state, { reason, urgent = false }, context) => {
  const asked = end('up', reason, state, context);
  return urgent ? kill(asked.state, { type: 'timeout' }, context) : asked;
};

const kill: Act<'timeout'> = (state, _event, { now }) => ({
  state: { ...state, deadline: now + KILL_AGAIN_MS },
  effects: [{ type: 'signal', signal: 'kill' }],
});

const wish =
  (want: 'up' | 'down'): AnyAct =>
  (state) => ({
    // What it was condemned for stays true: a rollout that gives up on it wants that on record.
    state: { ...state, wish: want },
    effects: [],
  });

const rest: AnyAct = (state) => ({
  state: { ...state, phase: 'down', wish: 'down', deadline: null, readySince: null, reason: null },
  effects: [],
});

const finish = (state: MachineState, reason: string): Step => ({
  state: { ...state, phase: 'done', wish: 'up', deadline: null, readySince: null, condemned: null, reason },
  effects: [],
});

const wait: Act<'wait'> = (state, { reason }) => finish(state, reason);

/** It ended by itself, or was condemned: what comes next is what its restart policy says. */
function crashed(state: MachineState, exit: Exit | null, reason: string, context: Context): Step {
  const { now, random, policy } = context;
  const verdict = afterExit({ ...state, exit, reason, now }, policy);
  if (verdict.next === 'done') return finish(state, verdict.reason);
  const { crashes, crashesInARow } = verdict;
  const common = {
    ...state,
    crashes,
    crashesInARow,
    readySince: null,
    condemned: null,
    reason: verdict.reason,
  };
  if (verdict.next === 'failed') {
    return { state: { ...common, phase: 'failed', deadline: null }, effects: [] };
  }
  const delay = nextDelay(crashesInARow, state.readySince !== null, policy.restart, random);
  const restarts = state.restarts + 1;
  return { state: { ...common, phase: 'backoff', restarts, deadline: now + delay }, effects: [] };
}

/** The machine is out of processes, or the program is missing: that may pass, so it is tried again for ever. */
const unspawned: Act<'spawnFailed'> = (state, event, { now, random, policy }) => {
  // The clock tries again.
  if (policy.job) return finish(state, event.reason);
  const crashesInARow = state.crashesInARow + 1;
  const delay = nextDelay(crashesInARow, false, policy.restart, random);
  return {
    state: { ...state, phase: 'backoff', crashesInARow, deadline: now + delay, reason: event.reason },
    effects: [],
  };
};

const died: Act<'exited'> = (state, { exit, reason }, context) =>
  crashed({ ...state, exit }, exit, reason, context);

/** What we asked for has happened. */
const buried: AnyAct = (state, event, context) => {
  const exit = event.type === 'exited' ? event.exit : unknownExit;
  if (state.wish === 'down') return rest({ ...state, exit }, event, context);
  if (state.condemned !== null) return crashed({ ...state, exit }, null, state.condemned, context);
  return launchAfresh({ ...state, exit }, event, context);
};

const table: Table = {
  down: {
    start: launchAfresh,
    stop: stay,
    restart: launchAfresh,
    wait,
    forgive,
    ready: stay,
    unhealthy: stay,
    exited: stay,
    spawnFailed: stay,
    timeout: stay,
  },
  starting: {
    start: stay,
    stop,
    restart,
    wait: stay,
    forgive,
    ready: online,
    unhealthy: condemn,
    exited: died,
    spawnFailed: unspawned,
    timeout: neverReady,
  },
  ready: {
    start: stay,
    stop,
    restart,
    wait: stay,
    forgive,
    ready: stay,
    unhealthy: condemn,
    exited: died,
    spawnFailed: stay,
    timeout: stay,
  },
  stopping: {
    start: wish('up'),
    stop: wish('down'),
    restart: wish('up'),
    wait: stay,
    forgive,
    ready: stay,
    unhealthy: stay,
    exited: buried,
    spawnFailed: buried,
    timeout: kill,
  },
  backoff: {
    start: launchAfresh,
    stop: rest,
    restart: launchAfresh,
    wait: stay,
    forgive,
    ready: stay,
    unhealthy: stay,
    exited: stay,
    spawnFailed: stay,
    timeout: launch,
  },
  failed: {
    start: launchAfresh,
    stop: rest,
    restart: launchAfresh,
    wait: stay,
    forgive,
    ready: stay,
    unhealthy: stay,
    exited: stay,
    spawnFailed: stay,
    timeout: stay,
  },
  done: {
    start: launchAfresh,
    stop: rest,
    restart: launchAfresh,
    wait: stay,
    forgive,
    ready: stay,
    unhealthy: stay,
    exited: stay,
    spawnFailed: stay,
    timeout: stay,
  },
};
