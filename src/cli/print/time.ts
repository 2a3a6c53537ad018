/** Moments as people read them, in local time. */
import { formatDuration } from '../../kit/units.ts';

/** `12:04:05`; with the date before it when that is not today's. */
export function formatMoment(time: string | number, now: number): string {
  const moment = new Date(time);
  const day = localDay(moment);
  const clock = localClock(moment);
  return day === localDay(new Date(now)) ? clock : `${day} ${clock}`;
}

/** `2026-03-01 12:04:05 (2h 10m ago)` */
export function formatMomentAndAge(time: string | number, now: number): string {
  const moment = new Date(time);
  const age = now - moment.getTime();
  return `${localDay(moment)} ${localClock(moment)} (${age < 1000 ? 'just now' : `${formatDuration(age)} ago`})`;
}

function localDay(moment: Date): string {
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

function localClock(moment: Date): string {
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
