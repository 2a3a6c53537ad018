/** Numbers and times as the page shows them: short, with units, and as wide as the last time. A dash stands for "not known". */
import { formatBytes, formatDuration } from '../../../kit/units.ts';

export const NOTHING = '–';

/** `0`, `0.3`, `12.4`, `230`, `12.3k`. */
export function formatCount(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (value === 0) return '0';
  if (value < 0.05) return '<0.1';
  if (value < 99.95) return trim(value.toFixed(1));
  if (value < 9999.5) return String(Math.round(value));
  if (value < 999_950) return `${trim((value / 1000).toFixed(1))}k`;
  return `${trim((value / 1e6).toFixed(1))}M`;
}

/** A rate of answers: one decimal always, so that the column does not jump. */
export function formatRate(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (value === 0) return '0.0';
  return value < 99.95 && value >= 0.05 ? value.toFixed(1) : formatCount(value);
}

/** `4 ms`, `0.8 ms`, `1.2 s`. */
export function formatMs(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (value < 9.95) return `${trim(value.toFixed(1))} ms`;
  if (value < 999.5) return `${Math.round(value)} ms`;
  return `${trim((value / 1000).toFixed(value < 9950 ? 1 : 0))} s`;
}

/** Of two rates, in percent: `0 %`, `<0.1 %`, `1.2 %`, `34 %`. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return NOTHING;
  const percent = (part / whole) * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.1) return '<0.1 %';
  return `${percent < 9.95 ? trim(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** Share of one core: `3 %`, `120 %`. */
export function formatCpu(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : `${Math.round(value * 100)} %`;
}

export function formatSize(bytes: number | null | undefined): string {
  return bytes === null || bytes === undefined ? NOTHING : formatBytes(bytes);
}

export function formatTime(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NOTHING;
  return formatDuration(ms < 60_000 ? Math.floor(ms / 1000) * 1000 || ms : ms);
}

/** `just now`, `4m ago`, `in 3d`: the largest unit only. */
export function formatAgo(time: string, now: number): string {
  const ms = now - Date.parse(time);
  if (Number.isNaN(ms)) return NOTHING;
  const size = Math.abs(ms);
  if (size < 5000) return 'just now';
  const [largest = ''] = formatDuration(Math.floor(size / 1000) * 1000).split(' ');
  const whole = largest.replace(/\.\d+/, '');
  return ms > 0 ? `${whole} ago` : `in ${whole}`;
}

/** `13:03:10` in the time zone of the reader. */
export function formatClock(time: string | number): string {
  return twoDigits(new Date(time), ['getHours', 'getMinutes', 'getSeconds'], ':');
}

/** `2026-11-24 13:03:10`, of today only the clock. */
export function formatMoment(time: string, now: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  return date.toDateString() === new Date(now).toDateString()
    ? formatClock(time)
    : `${formatDay(time)} ${formatClock(time)}`;
}

/** `2026-11-24`. */
export function formatDay(time: string): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function twoDigits(
  date: Date,
  parts: readonly ('getHours' | 'getMinutes' | 'getSeconds')[],
  between: string,
): string {
  return parts.map((part) => pad(date[part]())).join(between);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

function trim(text: string): string {
  return text.replace(/\.0+$/, '');
}
