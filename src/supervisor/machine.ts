/**
 * The life of one instance as a table of phase x event (after s6-supervise and runit). Wish and fact are kept
 * apart: commands change the wish, the world changes the phase. There is one deadline; what its passing means is the phase
 * that it passes in. Effects are data, carried out by instance.ts. The compiler refuses a missing cell.
 */
import type { RestartPlan } from '../config/plan.ts';
import { backoffDelay } from './backoff.ts';

/**
 * - down: no process, none wanted
 * - starting: a process was asked for, or runs but is not ready
 * - ready: it runs and may get work
 * - stopping: it was told to end, and has not ended
 * - backoff: it crashed or could not be started, and waits for its next start
 * - failed: it crashed too often; only a command starts it again
 */
export type Phase = 'down' | 'starting' | 'ready' | 'stopping' | 'backoff' | 'failed';

export type MachineEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'restart' }
  | { readonly type: 'ready' }
  /** It runs but must be replaced: a probe or a watchdog says so. */
  | { readonly type: 'unhealthy'; readonly reason: string }
  | { readonly type: 'exited'; readonly reason: string }
  | { readonly type: 'spawnFailed'; readonly reason: string }
  /** The deadline has passed. */
  | { readonly type: 'timeout' };

export type Effect =
  | { readonly type: 'spawn' }
  /** To the whole process group. `stop` is the signal that the plan names. */
  | { readonly type: 'signal'; readonly signal: 'stop' | 'kill' };

export interface Policy {
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly restart: RestartPlan;
}

export interface MachineState {
  readonly phase: Phase;
  readonly wish: 'up' | 'down';
  /** In ms since the epoch; null when the phase waits for nothing. */
  readonly deadline: number | null;
  /** When the crashes happened that count for giving up. */
  readonly crashes: readonly number[];
  /** Crashes since it last was ready for long; drives the backoff. */
  readonly crashesInARow: number;
  readonly readySince: number | null;
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

/**
 * Ready for this long means well again: the next crash is a first one, and is answered at once. One that crashes again and
 * again, however slowly, is caught by the rate (`giveUp`).
 */
const WELL_AFTER_MS = 1000;
/** How often SIGKILL is repeated to a process that the kernel does not let die. */
const KILL_AGAIN_MS = 5_000;

export const initialState: MachineState = {
  phase: 'down',
  wish: 'down',
  deadline: null,
  crashes: [],
  crashesInARow: 0,
  readySince: null,
  condemned: null,
  reason: null,
};

/** The next state and what is to be done, from a state and what happened. */
export function step(state: MachineState, event: MachineEvent, context: Context): Step {
  const act = table[state.phase][event.type] as AnyAct;
  return act(state, event, context);
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
    readySince: null,
    condemned: null,
  },
  effects: [{ type: 'spawn' }],
});

/** A person asks for it: what went wrong before no longer counts. */
const launchAfresh: AnyAct = (state, event, context) =>
  launch({ ...state, crashes: [], crashesInARow: 0, reason: null }, event, context);

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
const condemn: Act<'unhealthy'> = (state, event, context) => end('up', event.reason, state, context);
const neverReady: Act<'timeout'> = (state, _event, context) =>
  end('up', `not ready within ${context.policy.readyTimeoutMs / 1000} s`, state, context);

const kill: Act<'timeout'> = (state, _event, { now }) => ({
  state: { ...state, deadline: now + KILL_AGAIN_MS },
  effects: [{ type: 'signal', signal: 'kill' }],
});

const wish =
  (want: 'up' | 'down'): AnyAct =>
  (state) => ({
    state: { ...state, wish: want, condemned: want === 'down' ? null : state.condemned },
    effects: [],
  });

const rest: AnyAct = (state) => ({
  state: { ...state, phase: 'down', wish: 'down', deadline: null, reason: null },
  effects: [],
});

/** It ended by itself, or was condemned: wait and start again, or give up when that happens too often. */
function crashed(state: MachineState, reason: string, { now, random, policy }: Context): Step {
  const { giveUp } = policy.restart;
  const crashes = [...state.crashes, now].filter((time) => time > now - giveUp.withinMs);
  const wasReady = state.readySince !== null;
  const wasWell = state.readySince !== null && now - state.readySince >= WELL_AFTER_MS;
  const crashesInARow = wasWell ? 1 : state.crashesInARow + 1;
  const common = { ...state, crashes, crashesInARow, readySince: null, condemned: null };
  if (crashes.length >= giveUp.crashes) {
    const why = `gave up after ${crashes.length} crashes within ${giveUp.withinMs / 1000} s, the last: ${reason}`;
    return { state: { ...common, phase: 'failed', deadline: null, reason: why }, effects: [] };
  }
  const delay = backoffDelay(crashesInARow, wasReady, policy.restart, random);
  return { state: { ...common, phase: 'backoff', deadline: now + delay, reason }, effects: [] };
}

/** The machine is out of processes, or the program is missing: that may pass, so it is tried again for ever. */
const unspawned: Act<'spawnFailed'> = (state, event, { now, random, policy }) => {
  const crashesInARow = state.crashesInARow + 1;
  const delay = backoffDelay(crashesInARow, false, policy.restart, random);
  return {
    state: { ...state, phase: 'backoff', crashesInARow, deadline: now + delay, reason: event.reason },
    effects: [],
  };
};

const died: Act<'exited'> = (state, event, context) => crashed(state, event.reason, context);

/** What we asked for has happened. */
const buried: AnyAct = (state, event, context) => {
  if (state.wish === 'down') {
    return {
      state: { ...state, phase: 'down', deadline: null, readySince: null, reason: null },
      effects: [],
    };
  }
  if (state.condemned !== null) return crashed(state, state.condemned, context);
  return launchAfresh(state, event, context);
};

const table: Table = {
  down: {
    start: launchAfresh,
    stop: stay,
    restart: launchAfresh,
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
    ready: stay,
    unhealthy: stay,
    exited: stay,
    spawnFailed: stay,
    timeout: stay,
  },
};
