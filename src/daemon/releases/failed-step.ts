/** Why a step of a promotion did not come off. */
import { HoldfastError } from '../../errors.ts';
import type { OutputLine } from '../../protocol/api.ts';
import { withoutNext } from './next-name.ts';

export class FailedStep extends Error {
  readonly details: readonly string[];

  constructor(reason: string, details: readonly string[] = []) {
    super(reason);
    this.details = details;
  }
}

export function whyOf(error: unknown): { readonly reason: string; readonly details: readonly string[] } {
  if (error instanceof FailedStep || error instanceof HoldfastError)
    return { reason: withoutNext(error.message), details: error.details };
  return { reason: error instanceof Error ? error.message : String(error), details: [] };
}

const SHOWN_LINES = 20;

export function printedOutput(lines: readonly OutputLine[]): readonly string[] {
  return lines.slice(-SHOWN_LINES).map(({ stream, text }) => `${stream} | ${text}`);
}
