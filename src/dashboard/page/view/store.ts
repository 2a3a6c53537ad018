/** A value that several parts of the page look at. A part draws itself again only when what it takes of it has changed. */
import { useEffect, useReducer, useRef } from 'preact/hooks';

export class Store<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** What `take` takes of the store, now and whenever that becomes another value. */
export function useStore<T, S>(store: Store<T>, take: (value: T) => S): S {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const taken = take(store.value);
  const last = useRef(taken);
  last.current = taken;
  const taking = useRef(take);
  taking.current = take;
  useEffect(() => {
    const look = () => {
      if (taking.current(store.value) !== last.current) redraw(undefined);
    };
    look(); // it may have changed between drawing and this
    return store.listen(look);
  }, [store]);
  return taken;
}
