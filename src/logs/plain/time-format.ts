/** Times in the formats of dayjs, as PM2's `log_date_format` takes them: https://day.js.org/docs/en/display/format */

const pattern = /\[([^\]]*)\]|YYYY|YY|M{1,4}|D{1,2}|d{1,4}|H{1,2}|h{1,2}|a|A|m{1,2}|SSS|s{1,2}|ZZ|Z|X|x/g;
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/**
 * A moment in local time; `iso` is ISO 8601 in UTC. What is in brackets, and every character that is no token, stays as it is.
 *
 * @param now ms since the epoch
 */
export function formatTime(now: number, format: string): string {
  const date = new Date(now);
  if (format === 'iso') return date.toISOString();
  return format.replace(pattern, (token, literal: string | undefined) => literal ?? wordFor(token, date));
}

function wordFor(token: string, date: Date): string {
  switch (token) {
    case 'YYYY':
      return padded(date.getFullYear(), 4);
    case 'YY':
      return padded(date.getFullYear() % 100, 2);
    case 'MMMM':
      return months[date.getMonth()] ?? '';
    case 'MMM':
      return months[date.getMonth()]?.slice(0, 3) ?? '';
    case 'dddd':
      return weekdays[date.getDay()] ?? '';
    case 'ddd':
    case 'dd':
      return weekdays[date.getDay()]?.slice(0, token.length) ?? '';
    case 'A':
      return date.getHours() < 12 ? 'AM' : 'PM';
    case 'a':
      return date.getHours() < 12 ? 'am' : 'pm';
    case 'SSS':
      return padded(date.getMilliseconds(), 3);
    case 'Z':
      return offsetOf(date, ':');
    case 'ZZ':
      return offsetOf(date, '');
    case 'X':
      return String(Math.floor(date.getTime() / 1000));
    case 'x':
      return String(date.getTime());
    default:
      return padded(numberOf(token, date), token.length);
  }
}

/** Tokens of one or two letters. */
function numberOf(token: string, date: Date): number {
  switch (token[0]) {
    case 'M':
      return date.getMonth() + 1;
    case 'D':
      return date.getDate();
    case 'd':
      return date.getDay();
    case 'H':
      return date.getHours();
    case 'h':
      return date.getHours() % 12 || 12;
    case 'm':
      return date.getMinutes();
    default:
      return date.getSeconds();
  }
}

function offsetOf(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${padded(Math.floor(size / 60), 2)}${separator}${padded(size % 60, 2)}`;
}

function padded(number: number, width: number): string {
  return String(number).padStart(width, '0');
}
