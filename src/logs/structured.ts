/**
 * Lines that are JSON objects, as pino, bunyan, winston and access logs write them: what of them is time, level, message and error.
 * https://getpino.io/#/docs/api and https://github.com/trentm/node-bunyan#core-fields
 */

export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export type Level = (typeof levels)[number];

export interface StructuredLine {
  readonly level: Level;
  /** When the app says that it was: ISO 8601, UTC; null when it does not say. */
  readonly time: string | null;
  readonly message: string;
  /** Of the error that it is about. */
  readonly stack: string | null;
  /** What else it holds, without what every line of a process has in common (pid, hostname, name). */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The whole object. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Other words for the levels. */
const synonyms: Readonly<Record<string, Level>> = {
  silly: 'trace',
  verbose: 'debug',
  http: 'info',
  notice: 'info',
  log: 'info',
  warning: 'warn',
  err: 'error',
  crit: 'fatal',
  critical: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  panic: 'fatal',
};
const said = new Set(['level', 'time', 'timestamp', 'msg', 'message', 'pid', 'hostname', 'v', 'name']);

/** Undefined when it is no such line. */
export function parseStructured(text: string): StructuredLine | undefined {
  if (!text.startsWith('{') || !text.trimEnd().endsWith('}')) return undefined;
  let data: Record<string, unknown>;
  try {
    data = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const level = levelOf(data.level) ?? levelOfStatus(data.status);
  if (level === undefined) return undefined;
  const message = [data.msg, data.message].find((each) => typeof each === 'string') ?? errorOf(data)?.message;
  const time = data.time ?? data.timestamp;
  if (message === undefined && time === undefined && data.level !== undefined) return undefined;
  return new JsonLine(level, timeOf(time), typeof message === 'string' ? message : '', data);
}

/** Works out only what is asked for: whoever forwards a million lines does not look at most of it. */
class JsonLine implements StructuredLine {
  readonly level: Level;
  readonly time: string | null;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(level: Level, time: string | null, message: string, data: Readonly<Record<string, unknown>>) {
    this.level = level;
    this.time = time;
    this.message = message;
    this.data = data;
  }

  get stack(): string | null {
    return errorOf(this.data)?.stack ?? null;
  }

  get fields(): Readonly<Record<string, unknown>> {
    const error = errorOf(this.data)?.source;
    const others = Object.entries(this.data).filter(([key, value]) => !said.has(key) && value !== error);
    return Object.fromEntries(others);
  }
}

/** At least as grave as `least`. */
export function isAtLeast(level: Level, least: Level): boolean {
  return levels.indexOf(level) >= levels.indexOf(least);
}

/** By name, a synonym of it, or the number that pino and bunyan give it (30 = info). Undefined when it is none. */
export function levelOf(value: unknown): Level | undefined {
  if (typeof value === 'number' && value > 0) {
    return levels[Math.min(levels.length, Math.max(1, Math.floor(value / 10))) - 1];
  }
  if (typeof value !== 'string') return undefined;
  const word = value.toLowerCase();
  return (
    levels.find((level) => level === word) ?? (Object.hasOwn(synonyms, word) ? synonyms[word] : undefined)
  );
}

/** Access logs have a status in place of a level. */
function levelOfStatus(status: unknown): Level | undefined {
  if (typeof status !== 'number') return undefined;
  return status >= 500 ? 'error' : 'info';
}

/** Many lines have the same. */
let lastTime: { value: unknown; iso: string | null } = { value: undefined, iso: null };

function timeOf(value: unknown): string | null {
  if (value !== lastTime.value) {
    const moment = typeof value === 'number' || typeof value === 'string' ? new Date(value) : undefined;
    lastTime = { value, iso: moment && !Number.isNaN(moment.getTime()) ? moment.toISOString() : null };
  }
  return lastTime.iso;
}

/** `err` of pino and bunyan, `error` of others, or the `stack` that winston puts beside the message. */
function errorOf(
  data: Record<string, unknown>,
): { source: unknown; message?: unknown; stack?: string } | undefined {
  for (const source of [data.err, data.error]) {
    if (typeof source !== 'object' || source === null) continue;
    const { message, stack } = source as { message?: unknown; stack?: unknown };
    if (typeof stack === 'string') return { source, message, stack };
  }
  return typeof data.stack === 'string' ? { source: data.stack, stack: data.stack } : undefined;
}
