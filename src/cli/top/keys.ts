/** Keys of the live view, as a terminal in raw mode sends them. */

export type Key = 'quit' | 'interrupt' | 'up' | 'down' | 'pageUp' | 'pageDown' | 'sort' | 'instances';

/** The key of what a terminal in raw mode sends; undefined for what means nothing here. */
export function keyOf(input: string): Key | undefined {
  return keys[input];
}

const keys: Readonly<Record<string, Key>> = {
  q: 'quit',
  Q: 'quit',
  '\x1b': 'quit',
  '\x03': 'interrupt',
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  k: 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  j: 'down',
  '\x1b[5~': 'pageUp',
  '\x1b[6~': 'pageDown',
  s: 'sort',
  a: 'instances',
};
