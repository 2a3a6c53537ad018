/**
 * What an app writes (`log.format`), noted beside its log for readers, who have nothing but files: `web.log.format` says
 * `json`. No such file: text.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { LogPlan } from '../config/plan.ts';
import { logFile } from './log-files.ts';

/** Never throws: without the note, lines are shown as they are. */
export function noteFormat(dir: string, app: string, format: LogPlan['format']): void {
  const file = formatFile(dir, app);
  try {
    if (format === 'text') rmSync(file, { force: true });
    else {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      writeFileSync(file, `${format}\n`, { mode: 0o600 });
    }
  } catch {
    // A full disk.
  }
}

export function notedFormat(dir: string, app: string): LogPlan['format'] {
  return existsSync(formatFile(dir, app)) ? 'json' : 'text';
}

function formatFile(dir: string, app: string): string {
  return `${logFile(dir, app)}.format`;
}
