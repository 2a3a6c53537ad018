/** The question before an action, its progress, and the help: what lies above the page. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { bindings } from '../../model/keys.ts';
import { asked, type Doing, dismiss, doings } from '../doing.ts';
import { helpShown } from '../keyboard.ts';
import { useStore } from '../store.ts';
import { Mark } from './small.tsx';

export function Question() {
  const question = useStore(asked, (value) => value);
  if (!question) return null;
  return (
    <Dialog title={question.title} onClose={() => question.answer(false)}>
      <p>{question.text}</p>
      <div class="buttons">
        {/* The first one has the focus: Enter by mistake does no harm. */}
        <button type="button" class="button" onClick={() => question.answer(false)}>
          Cancel
        </button>
        <button type="button" class="button danger" onClick={() => question.answer(true)}>
          {question.button}
        </button>
      </div>
    </Dialog>
  );
}

export function Help() {
  const shown = useStore(helpShown, (value) => value);
  if (!shown) return null;
  return (
    <Dialog title="Keys" onClose={() => helpShown.set(false)}>
      <dl class="keys">
        {bindings.map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Close, clear, leave a field</dd>
        </div>
      </dl>
      <div class="buttons">
        <button type="button" class="button" onClick={() => helpShown.set(false)}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-label={props.title} onClose={props.onClose}>
      <h2>{props.title}</h2>
      {props.children}
    </dialog>
  );
}

export function Progress() {
  const all = useStore(doings, (value) => value);
  return (
    <section class="doings" aria-label="Actions" aria-live="polite">
      {all.map((doing) => (
        <Card key={doing.id} doing={doing} />
      ))}
    </section>
  );
}

function Card({ doing }: { readonly doing: Doing }) {
  const { id, title, lines, state, hint } = doing;
  const end = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (end.current) end.current.scrollTop = end.current.scrollHeight;
  }, [lines]);
  useEffect(() => {
    if (state !== 'done') return;
    const timer = window.setTimeout(() => dismiss(id), 8000);
    return () => window.clearTimeout(timer);
  }, [id, state]);
  return (
    <article class={`doing ${state}`}>
      <header>
        <Mark tone={state === 'running' ? 'busy' : state === 'done' ? 'ok' : 'failing'} />
        <strong>{title}</strong>
        <span class="muted">{state === 'running' ? 'under way' : state}</span>
        {state !== 'running' && (
          <button
            type="button"
            class="button plain"
            aria-label={`Close: ${title}`}
            onClick={() => dismiss(id)}
          >
            ✕
          </button>
        )}
      </header>
      {lines.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre ref={end} tabIndex={0}>
          {lines.join('\n')}
        </pre>
      )}
      {hint && <p class="muted">{hint}</p>}
    </article>
  );
}
