/** The port of one instance: all share the app's, unless `portStep` says that each has its own. Pure. */
import type { AppPlan } from '../config/plan.ts';

type Ported = Pick<AppPlan, 'port' | 'portStep'>;

export function slotPort({ port, portStep }: Ported, slot: number): number | null {
  return port === null ? null : port + slot * portStep;
}

/** A socket on this port is for the instance: it is not the one of another slot. */
export function isForSlot(plan: Ported & Pick<AppPlan, 'instances'>, slot: number, port: number): boolean {
  if (plan.portStep === 0 || plan.port === null) return true;
  const index = (port - plan.port) / plan.portStep;
  const isOfASlot = Number.isInteger(index) && index >= 0 && index < plan.instances;
  return !isOfASlot || index === slot;
}
