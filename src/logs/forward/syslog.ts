/** Messages of RFC 5424, and their framing on a stream by octet counting (RFC 6587, section 3.4.1). */
import type { LogLine } from '../log-line.ts';
import type { Level } from '../structured.ts';
import { levelOfLine, timeOfLine } from './line.ts';

/** `daemon`: system daemons. */
const FACILITY = 3;
const severities: Readonly<Record<Level, number>> = {
  trace: 7,
  debug: 7,
  info: 6,
  warn: 4,
  error: 3,
  fatal: 2,
};

/**
 * `<30>1 2026-03-01T12:00:00.000Z host web web.0 - - text`: the app is APP-NAME, the instance is PROCID. The text is UTF-8 as
 * it was written, without the byte order mark that section 6.4 asks for and hardly any receiver takes off.
 */
export function syslogMessage(line: LogLine, hostname: string): string {
  const priority = FACILITY * 8 + severities[levelOfLine(line)];
  const host = printable(hostname, 255);
  const app = printable(line.app, 48);
  const process = printable(line.instance, 128);
  return `<${priority}>1 ${timeOfLine(line)} ${host} ${app} ${process} - - ${line.text}`;
}

/** With its length before it. */
export function countedMessage(line: LogLine, hostname: string): string {
  const message = syslogMessage(line, hostname);
  return `${Buffer.byteLength(message)} ${message}`;
}

/** PRINTUSASCII of section 6; `-` is the nil value. */
function printable(text: string, most: number): string {
  return text.replace(/[^\x21-\x7e]/g, '?').slice(0, most) || '-';
}
