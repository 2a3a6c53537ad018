/** What is raised: told once until it is cleared, once more when it has become worse, and once more each day. Pure. */
import type { Finding } from './finding.ts';

export interface Raised extends Omit<Finding, 'state'> {
  /** Unix time in ms. */
  readonly since: number;
  readonly toldAt: number;
}

export interface Told {
  readonly type: 'alert.raised' | 'alert.cleared';
  readonly alert: Raised;
  /** It was told before. */
  readonly isAgain: boolean;
}

const AGAIN_MS = 86_400_000;

export function step(
  raised: readonly Raised[],
  findings: readonly Finding[],
  now: number,
): { readonly raised: readonly Raised[]; readonly told: readonly Told[] } {
  const known = new Map(raised.map((alert) => [keyOf(alert), alert]));
  const told: Told[] = [];
  const next: Raised[] = [];
  for (const { state, ...finding } of findings) {
    const before = known.get(keyOf(finding));
    known.delete(keyOf(finding));
    if (!before && state === 'unsure') continue;
    const isWorse = before?.level === 'warning' && finding.level === 'failing' && state === 'bad';
    const isDue = !before || isWorse || (state === 'bad' && now - before.toldAt >= AGAIN_MS);
    const about = before && state === 'unsure' ? before : finding;
    const alert: Raised = {
      ...about,
      since: before?.since ?? now,
      toldAt: isDue ? now : before.toldAt,
    };
    next.push(alert);
    if (isDue) told.push({ type: 'alert.raised', alert, isAgain: before !== undefined && !isWorse });
  }
  for (const alert of known.values()) told.push({ type: 'alert.cleared', alert, isAgain: false });
  return { raised: next, told };
}

function keyOf({ kind, subject }: Pick<Raised, 'kind' | 'subject'>): string {
  return `${kind} ${subject}`;
}
