/** The keys of the live view, as it shows them at `?`. */
import type { Style } from '../print/style.ts';

const keys: readonly (readonly [string, string])[] = [
  ['↑ ↓ PgUp PgDn', 'move, or scroll'],
  ['← →', 'sort by another column; S turns it round'],
  ['/', 'only what has this in its name or state; Esc: all again'],
  ['a', 'all instances, or only those in trouble'],
  ['Enter', 'this app or instance in full'],
  ['l', 'its log; Space pauses, End goes on'],
  ['r', 'restart it'],
  ['e', 'reload the app: without a gap'],
  ['x  t', 'stop it; start it'],
  ['n', 'number of instances of the app'],
  ['Esc', 'back'],
  ['q', 'back, and at last quit; Ctrl-C at once'],
];

export function helpLines(style: Style): string[] {
  return [
    style.bold('Keys'),
    ...keys.map(([key, words]) => `  ${style.cyan(key.padEnd(14))} ${words}`),
    '',
    style.dim('REQ/S, ERR and P99 are of the last minute, of requests'),
    style.dim('that come through sites. LOOP: delay of the event loop.'),
  ];
}
