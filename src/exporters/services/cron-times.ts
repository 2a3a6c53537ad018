/** A cron expression taken apart, for inits that have a clock of their own. The same dialect as `kit/cron.ts`. Pure. */

export interface CronTimes {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** 1 to 12. */
  readonly months: readonly number[];
  /** One of them must hold. */
  readonly days: readonly DayRule[];
}

/** Weekdays are 0 (Sunday) to 6. `week`: of the month, 1 to 5. */
export type DayRule =
  | { readonly kind: 'any' }
  | { readonly kind: 'month-days'; readonly days: readonly number[] }
  | { readonly kind: 'last-day' }
  | { readonly kind: 'weekdays'; readonly days: readonly number[] }
  | { readonly kind: 'nth-weekday'; readonly weekday: number; readonly week: number | 'last' };

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** undefined: with years, nearest working days (`W`), days that must be both (`+`), or what else init systems have no words for. */
export function cronTimes(expression: string): CronTimes | undefined {
  const text = expression.trim().toUpperCase();
  const fields = (NICKNAMES[text.toLowerCase()] ?? text).split(/\s+/);
  if (fields.length === 5) fields.unshift('0');
  const [second = '', minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  if (fields.length !== 6) return undefined;
  const seconds = numbers(second, 0, 59);
  const minutes = numbers(minute, 0, 59);
  const hours = numbers(hour, 0, 23);
  const months = numbers(named(month, MONTHS, 1), 1, 12);
  const days = dayRules(day, named(weekday, WEEKDAYS, 0));
  return seconds && minutes && hours && months && days && { seconds, minutes, hours, months, days };
}

/** As crontab(5) has it: where both say something, one of them is enough. */
function dayRules(day: string, weekday: string): DayRule[] | undefined {
  const both = [
    ...(isAny(day) ? [] : day.split(',').map(monthDay)),
    ...(isAny(weekday) ? [] : weekday.split(',').map(weekDay)),
  ];
  if (both.length === 0) return [{ kind: 'any' }];
  const rules = both.filter((rule) => rule !== undefined);
  return rules.length === both.length ? merged(rules) : undefined;
}

function monthDay(text: string): DayRule | undefined {
  if (text === 'L') return { kind: 'last-day' };
  const days = numbers(text, 1, 31);
  return days && { kind: 'month-days', days };
}

function weekDay(text: string): DayRule | undefined {
  const nth = /^([0-7])(?:#([1-5L])|(L))$/.exec(text);
  if (nth) {
    const week = nth[3] !== undefined || nth[2] === 'L' ? 'last' : Number(nth[2]);
    return { kind: 'nth-weekday', weekday: Number(nth[1]) % 7, week };
  }
  // `FRI-SUN`: Sunday is also the seventh day.
  const days = numbers(text.replace(/-0$/, '-7'), 0, 7);
  return days && { kind: 'weekdays', days: sorted(days.map((day) => day % 7)) };
}

/** Plain days are one rule, so that they are one line. */
function merged(rules: readonly DayRule[]): DayRule[] {
  const ofMonth = rules.flatMap((rule) => (rule.kind === 'month-days' ? rule.days : []));
  const ofWeek = rules.flatMap((rule) => (rule.kind === 'weekdays' ? rule.days : []));
  return [
    ...(ofMonth.length > 0 ? [{ kind: 'month-days', days: sorted(ofMonth) } as const] : []),
    ...(ofWeek.length > 0 ? [{ kind: 'weekdays', days: sorted(ofWeek) } as const] : []),
    ...rules.filter(({ kind }) => kind === 'last-day' || kind === 'nth-weekday'),
  ];
}

function isAny(field: string): boolean {
  return field === '*' || field === '?';
}

function named(field: string, names: readonly string[], first: number): string {
  return field.replace(/[A-Z]{3}/g, (name) =>
    names.includes(name) ? String(names.indexOf(name) + first) : name,
  );
}

/** Lists, ranges and steps. */
function numbers(field: string, min: number, max: number): number[] | undefined {
  const found: number[] = [];
  for (const part of field.split(',')) {
    const match = /^(?:[*?]|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (!match) return undefined;
    const [, from, to, step = '1'] = match;
    const start = from === undefined ? min : Number(from);
    const end = from === undefined ? max : Number(to ?? from);
    if (start < min || end > max || start > end || Number(step) < 1) return undefined;
    for (let value = start; value <= end; value += Number(step)) found.push(value);
  }
  return sorted(found);
}

function sorted(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
