/** Things to press and to type into. */
import type { ComponentChildren } from 'preact';
import type { Action } from '../../../../protocol/dashboard.ts';
import { session } from '../api.ts';
import { perform, whyNot } from '../doing.ts';
import { useStore } from '../store.ts';

/** A button that changes something. For a viewer it is there, but off, and says why. */
export function Do(props: {
  readonly action: Action;
  readonly children: ComponentChildren;
  /** For those who hear it alone, such as `Restart web.1`. */
  readonly label?: string;
  readonly kind?: 'main' | 'danger';
  /** Why it cannot be done now. */
  readonly off?: string | undefined;
}) {
  useStore(session, (view) => view?.role);
  const why = whyNot() ?? props.off;
  return (
    <button
      type="button"
      class={`button ${props.kind ?? ''}`}
      aria-disabled={why !== undefined}
      title={why ?? ''}
      {...(props.label ? { 'aria-label': props.label } : {})}
      onClick={() => {
        if (why === undefined) void perform(props.action);
      }}
    >
      {props.children}
    </button>
  );
}

/** One line below controls that are off. */
export function WhyOff() {
  useStore(session, (view) => view?.role);
  const why = whyNot();
  return why ? <p class="muted why-off">{why}.</p> : null;
}

export function Search(props: {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly placeholder?: string;
}) {
  return (
    <input
      type="search"
      class="field search"
      aria-label={props.label}
      placeholder={props.placeholder ?? `${props.label}  ( / )`}
      value={props.value}
      autocomplete="off"
      spellcheck={false}
      onInput={({ currentTarget }) => props.onValue(currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || props.value === '') return;
        event.preventDefault();
        props.onValue('');
      }}
    />
  );
}

export function Choice(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onValue: (value: string) => void;
}) {
  return (
    <select
      class="field"
      aria-label={props.label}
      value={props.value}
      onChange={({ currentTarget }) => props.onValue(currentTarget.value)}
    >
      {props.options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

/** One of a few, side by side. */
export function Tabs<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly onValue: (value: T) => void;
}) {
  return (
    <fieldset class="tabs" aria-label={props.label}>
      {props.options.map(([value, text]) => (
        <button
          type="button"
          key={value}
          aria-pressed={value === props.value}
          onClick={() => props.onValue(value)}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
