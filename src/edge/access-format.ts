/**
 * The three forms of a line in the access log. Whatever a client sends, a request is one line of printable ASCII, and every part of
 * it is where it belongs. Nothing of Authorization and Cookie is in any of them; the query is, as everywhere.
 */
import type { AccessEntry } from './access-log.ts';
import { fieldValue } from './http1/field-value.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `127.0.0.1 example.com GET /a 200 512 3.1ms web.0#3`, and the number of the request if it has one. */
export function shortLine({ asked, ip, status, bytes, ms, by, requestId }: AccessEntry): string {
  const { method = '-', target = '-' } = asked ?? {};
  const id = requestId ? ` ${requestId}` : '';
  const who = `${ip} ${asked?.host || '-'} ${method} ${target}`;
  return `${printable(`${who} ${status} ${bytes} ${ms.toFixed(1)}ms ${by}${id}`)}\n`;
}

/**
 * `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"` of Apache, escaped as nginx does it (`log_format … escape=default`), with
 * the time in UTC and 0 for no bytes.
 */
export function combinedLine(entry: AccessEntry, now: number): string {
  const { asked, ip, status, bytes } = entry;
  const request = asked ? `${asked.method} ${asked.target} ${protocolOf(entry)}` : '';
  const referer = field(entry, 'referer') ?? '';
  const agent = field(entry, 'user-agent') ?? '';
  return `${ip} - - [${clfTime(now)}] "${quoted(request)}" ${status} ${bytes} "${quoted(referer)}" "${quoted(agent)}"\n`;
}

/** Of what `fields` names, in that order; nothing named: everything. What there is nothing to say about is left out. */
export function jsonLine(entry: AccessEntry, now: number, fields: readonly string[]): string {
  let line = '';
  for (const name of fields.length > 0 ? fields : jsonFields) {
    const value = parts[name]?.(entry, now);
    if (value === undefined || value === '') continue;
    line += `${line === '' ? '{' : ','}"${name}":${typeof value === 'number' ? value : jsonText(value)}`;
  }
  return line === '' ? '{}\n' : `${line}}\n`;
}

/** In ASCII. By hand, because nearly all of them need nothing: twice as fast as an object for JSON.stringify. */
function jsonText(value: string): string {
  if (!/[^\x20-\x7e]|["\\]/.test(value)) return `"${value}"`;
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `accessLog.fields` -> what it says. */
const parts: Readonly<Record<string, (entry: AccessEntry, now: number) => string | number | undefined>> = {
  time: (_, now) => new Date(now).toISOString(),
  ip: ({ ip }) => ip,
  host: ({ asked }) => asked?.host,
  method: ({ asked }) => asked?.method,
  target: ({ asked }) => asked?.target,
  protocol: (entry) => (entry.asked ? protocolOf(entry) : undefined),
  status: ({ status }) => status,
  bytes: ({ bytes }) => bytes,
  ms: ({ ms }) => tenths(ms),
  upstreamMs: ({ upstreamMs }) => (upstreamMs < 0 ? undefined : tenths(upstreamMs)),
  by: ({ by }) => by,
  site: ({ site }) => site,
  route: ({ route }) => route,
  app: ({ app }) => app,
  attempts: ({ attempts }) => attempts,
  cache: ({ cache }) => cache,
  requestId: ({ requestId }) => requestId,
  referer: (entry) => text(field(entry, 'referer')),
  userAgent: (entry) => text(field(entry, 'user-agent')),
  scheme: ({ scheme }) => scheme,
  requestBytes: ({ requestBytes }) => requestBytes,
};

/** All that there are. The configuration has a list of its own. */
export const jsonFields: readonly string[] = Object.keys(parts);

function protocolOf({ protocol, asked }: AccessEntry): string {
  return protocol ?? (asked?.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1');
}

function field({ asked }: AccessEntry, name: string): string | undefined {
  return asked && fieldValue(asked.fields, name);
}

/** Fields are read as latin1 and meant as UTF-8. */
function text(value: string | undefined): string | undefined {
  return value && /[^\x20-\x7e]/.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value;
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Between quotation marks: nothing in it ends them, nor the line. */
function quoted(value: string): string {
  if (value === '') return '-';
  return printable(value.replace(/["\\]/g, hex));
}

function printable(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, hex);
}

function hex(character: string): string {
  return `\\x${(character.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Thousands of requests share a second. */
let second = -1;
let secondText = '';

/** `23/Nov/2026:19:01:02 +0000` */
function clfTime(now: number): string {
  const whole = Math.floor(now / 1000);
  if (whole !== second) {
    const date = new Date(whole * 1000);
    const two = (n: number) => String(n).padStart(2, '0');
    const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
    const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
    secondText = `${day}:${time} +0000`;
    second = whole;
  }
  return secondText;
}
