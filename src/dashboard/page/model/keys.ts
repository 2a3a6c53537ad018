/** The keys of the page: one table, from which they work and are shown. */

export type Command =
  | 'search'
  | 'help'
  | 'overview'
  | 'logs'
  | 'events'
  | 'crashes'
  | 'releases'
  | 'outgoing'
  | 'certificates'
  | 'next'
  | 'previous'
  | 'theme';

export interface Binding {
  readonly keys: readonly string[];
  readonly command: Command;
  readonly does: string;
}

export const bindings: readonly Binding[] = [
  { keys: ['/'], command: 'search', does: 'Search or filter what is shown' },
  { keys: ['g', 'o'], command: 'overview', does: 'Overview' },
  { keys: ['g', 'l'], command: 'logs', does: 'Logs' },
  { keys: ['g', 'e'], command: 'events', does: 'Events' },
  { keys: ['g', 'c'], command: 'crashes', does: 'Crashes' },
  { keys: ['g', 'r'], command: 'releases', does: 'Releases' },
  { keys: ['g', 'u'], command: 'outgoing', does: 'Outgoing connections' },
  { keys: ['g', 't'], command: 'certificates', does: 'Certificates (TLS)' },
  { keys: ['j'], command: 'next', does: 'Next in the list (also ↓)' },
  { keys: ['k'], command: 'previous', does: 'The one before (also ↑)' },
  { keys: ['t'], command: 'theme', does: 'Light, dark, or as the system' },
  { keys: ['?'], command: 'help', does: 'These keys' },
];

const SEQUENCE_MS = 1500;

/** What was pressed so far, and when. */
export interface Pressed {
  readonly keys: readonly string[];
  readonly at: number;
}

export const nothingPressed: Pressed = { keys: [], at: 0 };

/** One more key: a command when a sequence is complete, and what to remember for the next key. */
export function press(before: Pressed, key: string, at: number): { command?: Command; pressed: Pressed } {
  const recent = at - before.at <= SEQUENCE_MS ? before.keys : [];
  for (const keys of [[...recent, key], [key]]) {
    const found = bindings.find((binding) => same(binding.keys, keys));
    if (found) return { command: found.command, pressed: nothingPressed };
    if (bindings.some((binding) => same(binding.keys.slice(0, keys.length), keys))) {
      return { pressed: { keys, at } };
    }
  }
  return { pressed: nothingPressed };
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, n) => key === b[n]);
}
