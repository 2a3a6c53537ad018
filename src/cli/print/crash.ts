/** A crash as one would like to read it at three in the morning: what, when, why, and its last words. */
import { formatDuration } from '../../kit/units.ts';
import type { CrashRecord } from '../../protocol/api.ts';
import type { Style } from './style.ts';
import { plain, plainButColours } from './text.ts';
import { formatMomentAndAge } from './time.ts';

export function crashLines(
  crash: CrashRecord,
  style: Style,
  options: { now: number; lines: number },
): string[] {
  const pid = crash.pid === null ? '' : `, pid ${crash.pid}`;
  const shown = crash.lastOutput.slice(-options.lines);
  const hidden = crash.lastOutput.length - shown.length;
  return [
    `${style.bold(crash.instance)} ${style.red(plain(crash.cause))} after ${formatDuration(crash.uptimeMs)}`,
    `  ${style.dim(`${formatMomentAndAge(crash.time, options.now)}${pid}`)}`,
    ...(hidden > 0 ? [`  ${style.dim(`… ${hidden} lines before these: add --verbose`)}`] : []),
    ...shown.map(({ stream, text }) => {
      const mark = stream === 'err' ? style.red('!') : style.dim('|');
      return `  ${mark} ${style.colour ? plainButColours(text) : plain(text)}`;
    }),
    ...(shown.length === 0 ? [`  ${style.dim('it wrote nothing')}`] : []),
  ];
}
