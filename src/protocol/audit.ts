/** Who asked for what: how a request says it, and which events tell of it. */
import type { EventType, HoldfastEvent } from './events.ts';

/** The field of a request to the control API that says who makes it, percent-encoded: told, not proven. */
export const ASKER_FIELD = 'Holdfast-By';

const askedFor: ReadonlySet<EventType> = new Set<EventType>([
  'app.changed',
  'config.changed',
  'env.changed',
  'site.paused',
  'site.resumed',
  'instance.signalled',
  'instance.profiled',
  'daemon.upgrading',
  'release.making',
  'release.made',
  'release.trying',
  'release.canary',
  'release.rolling',
  'release.baking',
  'release.promoted',
  'release.failed',
  'release.rolled-back',
  'release.removed',
]);

export function isAskedFor(type: EventType): boolean {
  return askedFor.has(type);
}

/** What becomes of the apps by which a release is tried (`web@next`) is a part of its deploy. */
export function isAudited({ type, app }: HoldfastEvent): boolean {
  return isAskedFor(type) && !app?.endsWith('@next');
}

const outcomes: ReadonlySet<EventType> = new Set<EventType>([
  'release.promoted',
  'release.failed',
  'release.rolled-back',
]);

/** How a deploy ended. */
export function isDeployOutcome(type: EventType): boolean {
  return outcomes.has(type);
}
