/**
 * Who asked for what happens now. It is known where a request comes in, and wanted where an event is written, with half of the daemon
 * in between that has nothing to do with it; so it travels with the work.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { isAskedFor } from '../protocol/audit.ts';
import type { EventType } from '../protocol/events.ts';

const askers = new AsyncLocalStorage<string>();
const LONGEST = 200;

/** @param field what the request says, percent-encoded; undefined = nothing */
export function askedBy<T>(field: string | undefined, action: () => T): T {
  const by = readAsker(field);
  return by === null ? action() : askers.run(by, action);
}

/** Who asked for what happens now, as told; null = nobody has said so. */
export function currentAsker(): string | null {
  return askers.getStore() ?? null;
}

/** The facts of an event, with who asked for it when people ask for events of its type. One that says it already is as it is. */
export function withAsker(
  type: EventType,
  data: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  const by = isAskedFor(type) ? askers.getStore() : undefined;
  return by === undefined || data?.by !== undefined ? data : { ...data, by };
}

/** Anybody who may open the socket can say what he likes: it stays one short line. */
function readAsker(field: string | undefined): string | null {
  if (field === undefined) return null;
  try {
    return (
      decodeURIComponent(field)
        .replace(/\p{Cc}+/gu, ' ')
        .slice(0, LONGEST)
        .trim() || null
    );
  } catch {
    return null;
  }
}
