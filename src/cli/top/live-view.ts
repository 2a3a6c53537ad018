/**
 * The live view: what runs, redrawn on a terminal's alternate screen; where there is no terminal, what happens as lines.
 * `hold top` and `npm start` show it.
 */
import type { Client } from '../../client/client.ts';
import { hasScreen, makeStyle, wantsColour } from '../print/style.ts';
import type { OutputStream } from '../print/terminal.ts';
import { eventLines } from './event-lines.ts';
import { ScreenView } from './screen-view.ts';

export interface LiveViewOptions {
  /** Lines shown above everything. */
  readonly header?: readonly string[];
  /** Ends the view. */
  readonly signal?: AbortSignal;
  readonly stdin?: NodeJS.ReadStream;
  readonly stdout?: OutputStream;
  readonly env?: NodeJS.ProcessEnv;
}

/** quit: `q`. interrupted: Ctrl-C as a key. aborted: the signal. */
export type LiveViewEnd = 'quit' | 'interrupted' | 'aborted';

/** Resolves when the person or the signal ends it. The client stays open, and may lose its daemon meanwhile. */
export async function liveView(client: Client, options: LiveViewOptions = {}): Promise<LiveViewEnd> {
  const { header = [], signal, stdin = process.stdin, stdout = process.stdout, env = process.env } = options;
  const style = makeStyle(wantsColour(stdout.isTTY === true, env));
  const shared = { header, style, stdout, signal: signal ?? new AbortController().signal };
  if (hasScreen(stdout.isTTY === true, env)) return new ScreenView(client, { ...shared, stdin }).run();
  await eventLines(client, shared);
  return 'aborted';
}
