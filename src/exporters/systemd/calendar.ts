/** From a cron expression to lines of OnCalendar=, systemd.time(7). Pure. */
import type { CronPlan } from '../../config/plan.ts';
import { cronTimes, type DayRule } from '../services/cron-times.ts';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * Several lines mean one or the other. undefined: systemd has no words for it. Where clocks change, systemd leaves out a time that does not
 * exist, which Holdfast runs when the gap ends.
 */
export function onCalendar({ expression, timezone }: CronPlan): string[] | undefined {
  const times = cronTimes(expression);
  if (!times) return undefined;
  const clock = [list(times.hours, 0, 23), list(times.minutes, 0, 59), list(times.seconds, 0, 59)];
  const months = list(times.months, 1, 12);
  const zone = timezone === null ? '' : ` ${timezone}`;
  return times.days.map((rule) => {
    const { weekdays, days } = dayParts(rule);
    return `${weekdays}*-${months}${days} ${clock.join(':')}${zone}`;
  });
}

function dayParts(rule: DayRule): { weekdays: string; days: string } {
  switch (rule.kind) {
    case 'any':
      return { weekdays: '', days: '-*' };
    case 'month-days':
      return { weekdays: '', days: `-${list(rule.days, 1, 31)}` };
    case 'last-day':
      return { weekdays: '', days: '~01' };
    case 'weekdays':
      return { weekdays: rule.days.length === 7 ? '' : `${weekdayList(rule.days)} `, days: '-*' };
    case 'nth-weekday': {
      const { weekday, week } = rule;
      const days = week === 'last' ? '~01..07' : `-${two(week * 7 - 6)}..${two(Math.min(week * 7, 31))}`;
      return { weekdays: `${WEEKDAYS[weekday]} `, days };
    }
  }
}

/** `*`, `00/5`, `09..17`, `01,15`: the shortest that means these numbers. */
function list(values: readonly number[], min: number, max: number): string {
  const [first = min, second = first] = values;
  const last = values.at(-1) ?? first;
  const step = second - first;
  const even = values.every((value, index) => value === first + index * step);
  if (even && step === 1 && first === min && last === max) return '*';
  if (even && values.length > 2 && last + step > max) return `${two(first)}/${step}`;
  return runs(values)
    .map(([from, to]) => (from === to ? two(from) : `${two(from)}..${two(to)}`))
    .join(',');
}

/** The week begins on Monday there: a range may not go over Sunday. */
function weekdayList(days: readonly number[]): string {
  const fromMonday = days.map((day) => (day === 0 ? 7 : day)).sort((a, b) => a - b);
  const name = (day: number) => WEEKDAYS[day % 7] ?? '';
  return runs(fromMonday)
    .map(([from, to]) => (from === to ? name(from) : `${name(from)}..${name(to)}`))
    .join(',');
}

function runs(values: readonly number[]): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (const value of values) {
    const run = found.at(-1);
    if (run && run[1] === value - 1) run[1] = value;
    else found.push([value, value]);
  }
  return found;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
