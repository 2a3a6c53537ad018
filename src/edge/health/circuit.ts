/**
 * The circuit of one target as a table of phase x event, like the life of an instance (supervisor/machine.ts). There is one
 * deadline; what its passing means is the phase that it passes in. The compiler refuses a missing cell.
 */
import type { OutlierRules } from '../../protocol/traffic-rules.ts';

/**
 * - closed: it gets requests
 * - open: it is out, and gets none
 * - halfOpen: it is out until a request has tried it, and the next one may
 * - trying: a request is there to try it
 */
export type CircuitPhase = 'closed' | 'open' | 'halfOpen' | 'trying';

export type CircuitEvent =
  /** A whole answer that does not count as a failure. While it is tried, this and the next are about who tries it. */
  | 'success'
  | 'failure'
  /** A request goes there. */
  | 'begun'
  /** The request that tried it has ended, and nothing can be said: its client has left, say. */
  | 'untold'
  /** The deadline has passed. */
  | 'timeout';

export interface CircuitState {
  readonly phase: CircuitPhase;
  /** In ms; 0 when the phase waits for nothing. */
  readonly deadline: number;
  /** In a row. */
  readonly failures: number;
  /** How long it is out, or was the last time; 0 = never. */
  readonly ejectedMs: number;
  /** Since when it has been closed. */
  readonly closedAt: number;
}

export interface CircuitContext {
  readonly now: number;
  readonly rules: OutlierRules;
  /** One more target may be out. */
  readonly mayOpen: boolean;
}

export const closedCircuit: CircuitState = {
  phase: 'closed',
  deadline: 0,
  failures: 0,
  ejectedMs: 0,
  closedAt: 0,
};

/** The next state, from a state and what happened. */
export function circuitStep(state: CircuitState, event: CircuitEvent, context: CircuitContext): CircuitState {
  return table[state.phase][event](state, context);
}

type Act = (state: CircuitState, context: CircuitContext) => CircuitState;
type Table = { readonly [P in CircuitPhase]: { readonly [E in CircuitEvent]: Act } };

const stay: Act = (state) => state;

const open = (state: CircuitState, now: number, ejectedMs: number): CircuitState => ({
  ...state,
  phase: 'open',
  ejectedMs,
  deadline: now + ejectedMs,
});

/** One more in a row; if it is one too many but may not go, the next failure asks again. */
const count: Act = (state, { now, rules, mayOpen }) => {
  const failures = state.failures + 1;
  if (failures < rules.failures || !mayOpen) return { ...state, failures };
  return open({ ...state, failures }, now, nextEjection(state, now, rules));
};

const reopen: Act = (state, { now, rules }) =>
  open(
    { ...state, failures: state.failures + 1 },
    now,
    Math.min(Math.max(state.ejectedMs * 2, rules.ejectMs), rules.maxEjectMs),
  );

const forget: Act = (state) => (state.failures === 0 ? state : { ...state, failures: 0 });

const close: Act = (state, { now }) => ({
  ...state,
  phase: 'closed',
  deadline: 0,
  failures: 0,
  closedAt: now,
});

const wait: Act = (state) => ({ ...state, phase: 'halfOpen', deadline: 0 });

/** An answer may take for ever: after that time the next request may try. */
const begin: Act = (state, { now, rules }) => ({ ...state, phase: 'trying', deadline: now + rules.ejectMs });

/** Twice the last time, but half of that for each such time that it has been well since. */
function nextEjection({ ejectedMs, closedAt }: CircuitState, now: number, rules: OutlierRules): number {
  let last = ejectedMs;
  let well = now - closedAt;
  while (last >= rules.ejectMs && well >= last) {
    well -= last;
    last /= 2;
  }
  return Math.min(Math.max(last * 2, rules.ejectMs), rules.maxEjectMs);
}

const table: Table = {
  closed: { success: forget, failure: count, begun: stay, untold: stay, timeout: stay },
  // What comes now was sent before, or by a session that lives there.
  open: { success: stay, failure: stay, begun: stay, untold: stay, timeout: wait },
  halfOpen: { success: close, failure: reopen, begun: begin, untold: stay, timeout: stay },
  trying: { success: close, failure: reopen, begun: stay, untold: wait, timeout: wait },
};
