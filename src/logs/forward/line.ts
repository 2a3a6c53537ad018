/** A line on its way out, and what every way of sending must do. */
import type { ForwardPlan } from '../../config/plan.ts';
import type { LogLine } from '../log-line.ts';
import type { Level } from '../structured.ts';

export interface Sender {
  /** What was sent during the last so many ms may still be lost when the connection breaks; 0 = the other side confirms. */
  readonly settleMs: number;
  /**
   * Resolves when the other side has the lines.
   *
   * @returns how many of them it refused for good
   * @throws Refused when it will never take these lines; another error when it may later
   */
  send(lines: readonly LogLine[]): Promise<number>;
  close(): void;
}

/** It will never take these lines, however often they are sent. */
export class Refused extends Error {}

/** It may take them later, and has said when. */
export class TryLater extends Error {
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.afterMs = afterMs;
  }
}

/** What it says of itself, else by its stream. */
export function levelOfLine({ structured, stream }: LogLine): Level {
  return structured?.level ?? (stream === 'err' ? 'error' : 'info');
}

/** When it was, as the app says, else when it was read. ISO 8601. */
export function timeOfLine({ structured, time }: LogLine): string {
  return structured?.time ?? time;
}

/** The address for people and for state files: without password and query. */
export function nameOfTarget({ kind, url }: ForwardPlan): string {
  if (kind === 'syslog' || !URL.canParse(url)) return url;
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
