/** The smallest parts, used everywhere. */
import type { ComponentChildren } from 'preact';
import { formatAgo, formatMoment } from '../../model/format.ts';
import type { Tone } from '../../model/words.ts';
import type { Refused } from '../api.ts';
import { useNow } from '../clock.ts';

/** A circle, a ring, a triangle, a diamond: told apart without colours. */
const shapes: Readonly<Record<Tone, string>> = {
  ok: 'M6 1a5 5 0 1 1 0 10a5 5 0 1 1 0-10z',
  busy: 'M6 1a5 5 0 1 1 0 10a5 5 0 1 1 0-10zM6 3v6a3 3 0 0 0 0-6z',
  warning: 'M6 .8 11.6 11H.4z',
  failing: 'M6 .3 11.7 6 6 11.7.3 6z',
  quiet: 'M6 1a5 5 0 1 1 0 10a5 5 0 1 1 0-10zM6 2.6a3.4 3.4 0 1 0 0 6.8a3.4 3.4 0 1 0 0-6.8z',
};

export function Mark({ tone }: { readonly tone: Tone }) {
  return (
    <svg class={`mark ${tone}`} viewBox="0 0 12 12" aria-hidden="true">
      <path d={shapes[tone]} fill-rule="evenodd" />
    </svg>
  );
}

export function Status({ tone, text }: { readonly tone: Tone; readonly text: string }) {
  return (
    <span class={`status ${tone}`}>
      <Mark tone={tone} />
      {text}
    </span>
  );
}

/** `4m ago`, with the whole time where the pointer rests. */
export function Ago({ time }: { readonly time: string }) {
  const ago = useNow((now) => formatAgo(time, now));
  return (
    <time dateTime={time} title={formatMoment(time, 0)}>
      {ago}
    </time>
  );
}

export function Moment({ time }: { readonly time: string }) {
  const text = useNow((now) => formatMoment(time, now));
  return (
    <time dateTime={time} title={time}>
      {text}
    </time>
  );
}

/** There is nothing, and what to do about it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

export function Problem({ of }: { readonly of: Refused }) {
  return (
    <div class="notice failing" role="alert">
      <Mark tone="failing" />
      <div>
        {of.message}
        {of.hint && <div class="muted">{of.hint}</div>}
      </div>
    </div>
  );
}

/** What is shown while something is loaded for the first time, or in its place when that did not work. */
export function Waiting({ problem }: { readonly problem: Refused | undefined }) {
  return problem ? <Problem of={problem} /> : <p class="muted waiting">Loading …</p>;
}

export function Panel(props: {
  readonly title: string;
  readonly more?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="panel" aria-label={props.title}>
      <header class="panel-head">
        <h2>{props.title}</h2>
        {props.more}
      </header>
      {props.children}
    </section>
  );
}

/** Name and value, one below the other. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A number with its name, for the head of a page. */
export function Figure(props: { readonly name: string; readonly value: string; readonly tone?: Tone }) {
  return (
    <div class={`figure ${props.tone ?? ''}`}>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

/** What a program said, as it said it. */
export function Output({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="output" tabIndex={0} aria-label={label}>
      <pre>{text}</pre>
    </section>
  );
}
