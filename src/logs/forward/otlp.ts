/** The JSON encoding of OTLP logs: https://opentelemetry.io/docs/specs/otlp/#otlphttp and the proto of logs, version 1. */
import type { LogLine } from '../log-line.ts';
import { type Level, levels } from '../structured.ts';
import { levelOfLine, timeOfLine } from './line.ts';

type AnyValue = Readonly<Record<string, unknown>>;

/** `ExportLogsServiceRequest`: one resource for each instance. */
export function otlpBody(lines: readonly LogLine[], host: string): string {
  const byInstance = new Map<string, LogLine[]>();
  for (const line of lines) {
    const key = `${line.app} ${line.instance}`;
    const known = byInstance.get(key);
    if (known) known.push(line);
    else byInstance.set(key, [line]);
  }
  return JSON.stringify({ resourceLogs: [...byInstance.values()].map((each) => resourceLogs(each, host)) });
}

/** `partialSuccess.rejectedLogRecords` of the answer: these are never to be sent again. */
export function rejectedByOtlp(answer: string): number {
  try {
    const { partialSuccess } = JSON.parse(answer) as { partialSuccess?: { rejectedLogRecords?: unknown } };
    return Number(partialSuccess?.rejectedLogRecords ?? 0) || 0;
  } catch {
    return 0;
  }
}

function resourceLogs(lines: readonly LogLine[], host: string): object {
  const [first] = lines;
  const resource = {
    'service.name': first?.app ?? '',
    'service.instance.id': first?.instance ?? '',
    'host.name': host,
  };
  return {
    resource: { attributes: attributes(resource) },
    scopeLogs: [{ scope: { name: 'holdfast' }, logRecords: lines.map(logRecord) }],
  };
}

function logRecord(line: LogLine): object {
  const { stream, structured } = line;
  const level = levelOfLine(line);
  const body = structured && structured.message !== '' ? structured.message : line.text;
  const stack = structured?.stack ? { 'exception.stacktrace': structured.stack } : {};
  return {
    timeUnixNano: nanoseconds(timeOfLine(line)),
    observedTimeUnixNano: nanoseconds(line.time),
    severityNumber: severityNumber(level),
    severityText: level.toUpperCase(),
    body: { stringValue: body },
    attributes: attributes({
      'log.iostream': stream === 'err' ? 'stderr' : 'stdout',
      ...structured?.fields,
      ...stack,
    }),
  };
}

/** 1, 5, 9 … 21: the first number of each range of the data model. */
function severityNumber(level: Level): number {
  return levels.indexOf(level) * 4 + 1;
}

/** A decimal string, as the JSON encoding has 64-bit integers. */
function nanoseconds(time: string): string {
  return `${Date.parse(time)}000000`;
}

function attributes(values: Readonly<Record<string, unknown>>): { key: string; value: AnyValue }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: unknown): AnyValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  if (typeof value === 'number') return { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === 'object' && value !== null)
    return { kvlistValue: { values: attributes(value as Record<string, unknown>) } };
  return {};
}
