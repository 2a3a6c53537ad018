/** Points in time as people type them: `10m` (ago), `today`, `14:30`, `2026-03-01`, `2026-03-01T12:00`. */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../kit/units.ts';

const EXAMPLES = '"10m" (ago), "today", "14:30", "2026-03-01" or "2026-03-01T12:00"';

/**
 * ms since the epoch; local time unless it says another. A time of day is the last one that was.
 *
 * @throws InvalidArgumentError for what is no time
 */
export function parseMoment(text: string, now = Date.now()): number {
  const ago = parseDuration(text);
  if (ago !== undefined) return now - ago;
  const day = new Date(now).setHours(0, 0, 0, 0);
  if (text === 'now') return now;
  if (text === 'today') return day;
  if (text === 'yesterday') return new Date(day).setDate(new Date(day).getDate() - 1);
  const [, hours, minutes, seconds = '0'] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text) ?? [];
  if (hours !== undefined) return timeOfDay(Number(hours), Number(minutes), Number(seconds), now);
  // A bare date would be UTC, though a date with a time is local.
  const moment = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text);
  if (Number.isNaN(moment)) throw new InvalidArgumentError(`It must be a time such as ${EXAMPLES}`);
  return moment;
}

function timeOfDay(hours: number, minutes: number, seconds: number, now: number): number {
  if (hours > 23 || minutes > 59 || seconds > 59)
    throw new InvalidArgumentError(`It must be a time such as ${EXAMPLES}`);
  const today = new Date(now).setHours(hours, minutes, seconds, 0);
  return today <= now ? today : new Date(today).setDate(new Date(today).getDate() - 1);
}
