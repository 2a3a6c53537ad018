/**
 * Where a server in front reaches apps: each slot has a port on loopback, which stays. The daemon holds a door on it, and whichever
 * process has the slot accepts there, so that crashes, restarts and reloads change nothing for the server. Pure.
 */
import type { AppPlan } from '../../config/plan.ts';
import type { Address } from '../doors.ts';
import { routedApps } from '../edge-table.ts';
import type { DesiredState } from '../state.ts';

/** The guest looks for its door there, too (guest/listen.cts). */
export const FRONT_HOST = '127.0.0.1';
/** As the ports of what is exported, see exporters/places.ts. */
const FIRST_PORT = 4000;
const LAST_PORT = 65_535;

/** The doors of an app; none without a front, and for a program without a guest, which opens a port by itself. */
export function frontDoors(
  { name, instances, guest, command }: AppPlan,
  state: DesiredState,
): readonly Address[] {
  if (!state.front || !guest || !command.node) return [];
  const ports = state.frontPorts[name] ?? [];
  return ports.slice(0, instances).map((port) => ({ host: FRONT_HOST, port }));
}

/**
 * Desired state with a port for every slot that needs one. Those that slots have stay with them.
 *
 * @param isFree it can be opened, or is held already
 */
export function withFrontPorts(state: DesiredState, isFree: (port: number) => boolean): DesiredState {
  if (!state.front) return Object.keys(state.frontPorts).length === 0 ? state : { ...state, frontPorts: {} };
  const routed = routedApps(state);
  const needing = Object.values(state.apps).flatMap(({ plan, stopped }) =>
    routed.has(plan.name) && plan.guest && plan.command.node && !stopped ? [plan] : [],
  );
  // Of slots that were scaled away one may still be draining.
  const kept = needing.map(({ name, instances }) =>
    (state.frontPorts[name] ?? []).map((port, slot) => (slot >= instances || isFree(port) ? port : null)),
  );
  const taken = new Set<number | null>(kept.flat());
  let next = FIRST_PORT;
  const fresh = (): number => {
    while (next < LAST_PORT && (taken.has(next) || !isFree(next))) next++;
    return next++;
  };
  const ports = needing.map(({ name, instances }, index): [string, number[]] => [
    name,
    Array.from(
      { length: Math.max(instances, kept[index]?.length ?? 0) },
      (_, slot) => kept[index]?.[slot] ?? fresh(),
    ),
  ]);
  return { ...state, frontPorts: Object.fromEntries(ports) };
}
