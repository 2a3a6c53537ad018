/** The log of an app or an instance, as it is and as it grows, in batches. */
import { notedFormat } from '../../logs/noted-format.ts';
import { type LogLine, readLogs } from '../../logs/reader.ts';
import { keptLogLines, type Subject } from './state.ts';

export interface LogTailOptions {
  /** The log directory. */
  readonly dir: string;
  readonly signal: AbortSignal;
  /** Lines that came in one go. */
  readonly onLines: (lines: readonly LogLine[]) => void;
}

/** Resolves when the signal is given. */
export async function tailLog({ app, instance }: Subject, options: LogTailOptions): Promise<void> {
  const { dir, signal, onLines } = options;
  let batch: LogLine[] = [];
  const isJson = notedFormat(dir, app) === 'json';
  const lines = readLogs({
    dir,
    apps: [app],
    ...(instance !== null && { instances: [instance] }),
    structured: () => isJson,
    tail: keptLogLines / 2,
    follow: true,
    signal,
  });
  for await (const line of lines) {
    if (batch.push(line) > 1) continue;
    setImmediate(() => {
      if (!signal.aborted) onLines(batch);
      batch = [];
    });
  }
}
