/** A line of what `hold up` changes: `+ app web  3 instances`. */
import type { Change } from '../../protocol/api.ts';
import type { Style } from './style.ts';
import { plain } from './text.ts';

const looks = {
  add: ['+', 'green'],
  start: ['+', 'green'],
  change: ['~', 'yellow'],
  scale: ['~', 'yellow'],
  remove: ['-', 'red'],
} as const satisfies Record<Change['kind'], readonly [string, keyof Style]>;

export function changeLine({ kind, what, name, detail }: Change, style: Style): string {
  const [mark, tone] = looks[kind];
  const verb = kind === 'start' ? 'start ' : '';
  const subject = ['edge', 'egress', 'notify', 'metrics'].includes(what)
    ? what
    : `${what} ${style.bold(name)}`;
  const facts = detail.length > 0 ? `  ${style.dim(detail.map(plain).join(', '))}` : '';
  return `${style[tone](mark)} ${verb}${subject}${facts}`;
}
