/** Events and crashes as lists. */
import type { CrashRecord, HoldfastEvent } from '../../../../protocol/dashboard.ts';
import { formatMoment, formatTime } from '../../model/format.ts';
import { link } from '../../model/route.ts';
import { eventLink, eventReason, eventSubject, eventTone, eventVerb } from '../../model/words.ts';
import { LogRow } from './log-lines.tsx';
import { memo } from './memo.ts';
import { Ago, Mark, Moment, Output } from './small.tsx';

export function Events({ events }: { readonly events: readonly HoldfastEvent[] }) {
  return (
    <ol class="events">
      {events.map((event) => (
        <EventRow key={event.seq} event={event} />
      ))}
    </ol>
  );
}

const EventRow = memo(function EventRow({ event }: { readonly event: HoldfastEvent }) {
  const to = eventLink(event);
  const subject = eventSubject(event);
  return (
    <li>
      <Moment time={event.time} />
      <Mark tone={eventTone(event)} />
      <span class="event-text">
        {to ? (
          <a href={to} data-item>
            {subject}
          </a>
        ) : (
          <b>{subject}</b>
        )}{' '}
        <span class="event-verb">{eventVerb(event)}</span> <span class="muted">{eventReason(event)}</span>
      </span>
    </li>
  );
});

/** One crash: its cause, what to do, and below that what it left behind. */
export const Crash = memo(function Crash(props: {
  readonly crash: CrashRecord;
  readonly open?: boolean;
  readonly named?: boolean;
}) {
  const { crash } = props;
  return (
    <details class="crash" open={props.open ?? false}>
      <summary data-item>
        <Mark tone="failing" />
        <span>
          {props.named && <b>{crash.instance} </b>}
          <b>{crash.diagnosis ?? crash.cause}</b>{' '}
          <span class="muted">
            {crash.diagnosis ? `${crash.cause}, ` : ''}after {formatTime(crash.uptimeMs)},{' '}
            <Ago time={crash.time} />
          </span>
        </span>
      </summary>
      <div class="crash-body">
        {crash.advice && (
          <p class="advice">
            <b>What to do: </b>
            {crash.advice}
          </p>
        )}
        {crash.lastOutput.length > 0 ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          <section class="log short" tabIndex={0} aria-label={`Last output of ${crash.instance}`}>
            {crash.lastOutput.map((line, n) => (
              <LogRow
                key={n}
                time={line.time}
                instance={null}
                stream={line.stream}
                text={line.text}
                query=""
              />
            ))}
          </section>
        ) : (
          <p class="muted">It wrote nothing before its end.</p>
        )}
        {crash.stack.length > 0 && (
          <>
            <h3>Stack</h3>
            <Output label={`Stack of ${crash.instance}`} text={crash.stack.join('\n')} />
          </>
        )}
        <p class="muted small-print">
          {crash.instance}, pid {crash.pid ?? 'unknown'}, {formatMoment(crash.time, 0)}
          {crash.release && `, release ${crash.release}`}
          {crash.report && (
            <>
              , Node's report: <code>{crash.report}</code>
            </>
          )}
          {props.named && (
            <>
              . <a href={link({ page: 'app', app: crash.app })}>Go to {crash.app}</a>
            </>
          )}
        </p>
      </div>
    </details>
  );
});
