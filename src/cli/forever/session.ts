/** What every action of `hold forever` gets. */
import type { Context } from '../context.ts';
import type { ForeverCommand } from './argv.ts';
import type { ForeverRoot } from './root.ts';
import type { Voice } from './voice.ts';

export interface Session {
  readonly context: Context;
  readonly voice: Voice;
  readonly root: ForeverRoot;
  readonly command: ForeverCommand;
}

/** An option that takes a text. */
export function textOption({ command }: Session, name: keyof ForeverCommand['options']): string | undefined {
  const value = command.options[name];
  return typeof value === 'string' ? value : undefined;
}
