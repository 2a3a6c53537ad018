/** The three forms of a date in HTTP (RFC 9110 section 5.6.7), and no other. Pure. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const FIXED = /^[a-z]{3}, (\d\d) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) gmt$/i;
const RFC_850 = /^[a-z]{6,9}, (\d\d)-([a-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) gmt$/i;
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/i;

/** Milliseconds since the epoch, or undefined when it is no date. @param now says which century a year of two digits is in */
export function parseHttpDate(text: string, now: number): number | undefined {
  let match = FIXED.exec(text);
  if (match) {
    const [, day, month, year, hour, minute, second] = match;
    return timeOf(Number(year), month, day, hour, minute, second);
  }
  match = RFC_850.exec(text);
  if (match) {
    const [, day, month, year, hour, minute, second] = match;
    const thisYear = new Date(now).getUTCFullYear();
    const full = thisYear - (thisYear % 100) + Number(year);
    return timeOf(full > thisYear + 50 ? full - 100 : full, month, day, hour, minute, second);
  }
  match = ASCTIME.exec(text);
  if (!match) return undefined;
  const [, month, day, hour, minute, second, year] = match;
  return timeOf(Number(year), month, day, hour, minute, second);
}

function timeOf(year: number, month = '', ...rest: readonly (string | undefined)[]): number | undefined {
  const place = MONTHS.indexOf(month.toLowerCase());
  const [day = 0, hour = 0, minute = 0, second = 0] = rest.map(Number);
  if (place < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  return Date.UTC(year, place, day, hour, minute, second);
}
