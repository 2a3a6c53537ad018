/**
 * Node's diagnostic reports: one is written when the process dies of a fatal error, such as the end of its memory, and
 * one when the event loop is blocked (watcher.cts). It costs nothing until then. An app that has arranged for reports
 * itself keeps its own arrangement.
 */
import type { QuietlyModule } from './quietly.cts';

const { quietly }: QuietlyModule = require('./quietly.cjs');

interface Settings {
  directory: string;
  filename: string;
  compact: boolean;
  reportOnFatalError: boolean;
  /** Since Node 20.13: no names are looked up for the addresses of all connections, which can take minutes. */
  excludeNetwork?: boolean;
  /** Since Node 22.13. */
  excludeEnv?: boolean;
}

type Methods = Record<'writeReport' | 'getReport', (...args: unknown[]) => unknown>;

/** Where a watcher that has stopped this thread finds the function. A symbol, so that nobody meets it by accident. */
const WRITE = Symbol.for('holdfast.writeReport');

/** What `readReport` does; with reports armed, without what is slow or secret. */
let read = (): unknown => process.report?.getReport();

/** A report of how it is now. */
function readReport(): unknown {
  return read();
}

function armReports(directory: string, filename: string): void {
  const report = (process as unknown as { report?: Settings & Methods }).report;
  if (!report) return;
  const { writeReport, getReport } = report;
  const wanted: Partial<Settings> = {
    directory,
    filename,
    compact: true,
    excludeNetwork: true,
    excludeEnv: true,
  };
  const names = (Object.keys(wanted) as (keyof Settings)[]).filter((name) => name in report);
  const ours = pick(wanted, names);

  const write = () => during(report, ours, () => Reflect.apply(writeReport, report, []));
  Object.defineProperty(process, WRITE, { value: () => quietly(write), configurable: true });

  read = () => during(report, ours, () => Reflect.apply(getReport, report, []));

  if (report.reportOnFatalError || report.directory !== '' || report.filename !== '') return;
  // It is set because the option came with the guest; what is left in execArgv is the app's own.
  const excludeNetwork = process.execArgv.includes('--report-exclude-network');
  const before = { ...pick(report, names), excludeNetwork };
  Object.assign(report, ours, { reportOnFatalError: true });
  // What the app writes for itself goes where it would have gone, with what would have been in it.
  for (const name of ['writeReport', 'getReport'] as const) {
    const native = report[name];
    report[name] = (...args) => {
      const left = names.filter((setting) => report[setting] === ours[setting]);
      return during(report, pick(before, left), () => Reflect.apply(native, report, args));
    };
  }
}

function pick(from: Partial<Settings>, names: readonly (keyof Settings)[]): Partial<Settings> {
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}

/** Does something under these settings, and puts back what was set. */
function during<T>(report: Settings, settings: Partial<Settings>, work: () => T): T {
  const before = pick(report, Object.keys(settings) as (keyof Settings)[]);
  Object.assign(report, settings);
  try {
    return work();
  } finally {
    Object.assign(report, before);
  }
}

const exported = { armReports, readReport };
export type ReportsModule = typeof exported;
module.exports = exported;
