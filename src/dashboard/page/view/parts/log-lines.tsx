/** Lines of a log, or of the last output of a crash: safe, coloured, long ones cut. */
import { useState } from 'preact/hooks';
import { formatClock, formatSize } from '../../model/format.ts';
import { CUT_AT, leftOut, markLine } from '../../model/log-line.ts';
import { memo } from './memo.ts';

export const LogRow = memo(function LogRow(props: {
  readonly time: string;
  /** null = it is clear which one it was. */
  readonly instance: string | null;
  readonly stream: 'out' | 'err';
  readonly text: string;
  readonly query: string;
}) {
  const [whole, setWhole] = useState(false);
  const more = whole ? 0 : leftOut(props.text);
  const text = more > 0 ? props.text.slice(0, CUT_AT) : props.text;
  return (
    <div class={`log-line ${props.stream}`}>
      <time dateTime={props.time} title={props.time}>
        {formatClock(props.time)}
      </time>
      {props.instance !== null && <span class="log-instance">{props.instance}</span>}
      <span class="log-stream">{props.stream === 'err' ? 'err' : ''}</span>
      <span class="log-text">
        {markLine(text, props.query).map(({ text, styles, marked }, n) =>
          marked ? (
            <mark key={n}>{text}</mark>
          ) : styles.length > 0 ? (
            <span key={n} class={styles.map((style) => `ansi-${style}`).join(' ')}>
              {text}
            </span>
          ) : (
            text
          ),
        )}
        {more > 0 && (
          <button type="button" class="button small" onClick={() => setWhole(true)}>
            … {formatSize(more)} more
          </button>
        )}
      </span>
    </div>
  );
});
