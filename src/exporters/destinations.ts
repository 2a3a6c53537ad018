import type { Destination, RoutePlan } from '../config/plan.ts';

/** Everywhere that requests of a route may go. */
export function destinationsOf({ to, mirror }: RoutePlan): readonly Destination[] {
  const copies = mirror ? [mirror.to] : [];
  if (to.kind === 'files') return copies;
  return to.kind === 'split' ? [...to.parts.map((part) => part.to), ...copies] : [to, ...copies];
}
