/** The live view where there is no terminal: every event as a line. */
import type { Client } from '../../client/client.ts';
import { eventLine } from '../print/event-line.ts';
import type { Style } from '../print/style.ts';
import type { OutputStream } from '../print/terminal.ts';
import { followNews } from './news.ts';

export interface EventLinesOptions {
  readonly header: readonly string[];
  readonly style: Style;
  readonly stdout: OutputStream;
  readonly signal: AbortSignal;
}

/** Resolves when the signal is given. */
export async function eventLines(client: Client, options: EventLinesOptions): Promise<void> {
  const { header, style, stdout, signal } = options;
  for (const line of header) stdout.write(`${line}\n`);
  let away = false;
  await followNews(client, {
    signal,
    tail: 0,
    onEvent: (event) => {
      away = false;
      stdout.write(`${eventLine(event, style, Date.now())}\n`);
    },
    onAway: (reason) => {
      if (!away) stdout.write(`waiting for the daemon: ${reason}\n`);
      away = true;
    },
  });
}
