/** Which addresses apps listen on, as far as desired state tells. Pure. */
import type { AppPlan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import { DASHBOARD, dashboardAddresses } from './dashboard-app.ts';
import { type Address, describeAddress } from './doors.ts';
import { EDGE, edgeAddresses } from './edge-app.ts';
import { routedApps } from './edge-table.ts';
import { EGRESS, EGRESS_HOST, isOwn } from './egress-app.ts';
import { frontDoors } from './front/ports.ts';
import type { DesiredState, StoredApp } from './state.ts';

/** Where instances of this app get their sockets from: what the plan names and what was learned; routed apps have none. */
export function addressesOf(stored: StoredApp, state: DesiredState): readonly Address[] {
  const { plan, learned } = stored;
  if (plan.name === EDGE) return edgeAddresses(state);
  if (plan.name === EGRESS) return plan.port === null ? [] : [{ host: EGRESS_HOST, port: plan.port }];
  if (plan.name === DASHBOARD) return dashboardAddresses(state);
  if (!hasGuest(plan)) return [];
  if (routedApps(state).has(plan.name)) return [...frontDoors(plan, state), ...learned];
  // It may listen on a narrower address of the same port.
  const named = portsOf(plan).filter((port) => !learned.some((address) => address.port === port));
  return [...named.map((port) => ({ host: null, port })), ...learned];
}

/** The ports that the plan names: one for all slots, or one for each. */
export function portsOf({ port, portStep, instances }: AppPlan): readonly number[] {
  if (port === null) return [];
  if (portStep === 0) return [port];
  return Array.from({ length: instances }, (_, slot) => port + slot * portStep);
}

/** Instances of two apps on one port would take each other's connections. */
export function refuseShared(app: StoredApp, state: DesiredState): void {
  for (const other of Object.values(state.apps)) {
    if (other.stopped || other.plan.name === app.plan.name) continue;
    const theirs = claimsOf(other, state);
    const shared = claimsOf(app, state).find((mine) => theirs.some((address) => collide(mine, address)));
    if (!shared) continue;
    throw new HoldfastError(
      'PORT_TAKEN',
      `Cannot start "${app.plan.name}" on port ${describeAddress(shared)}: "${other.plan.name}" has it`,
    );
  }
}

/** Also the port that a program without a guest opens by itself. */
function claimsOf(stored: StoredApp, state: DesiredState): readonly Address[] {
  const { plan } = stored;
  if (hasGuest(plan) || isOwn(plan.name) || routedApps(state).has(plan.name))
    return addressesOf(stored, state);
  return portsOf(plan).map((port) => ({ host: null, port }));
}

/** Nobody can listen on both. */
export function collide(a: Address, b: Address): boolean {
  return a.port === b.port && (a.host === b.host || a.host === null || b.host === null);
}

/** A Node program with our preload in it, which can share a port and tell how it is. */
export function hasGuest(plan: AppPlan): boolean {
  return plan.guest && plan.command.node;
}
