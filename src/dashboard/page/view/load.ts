/** What a page loads besides the live stream. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { get, Refused } from './api.ts';

export interface Loaded<T> {
  /** The last that was loaded, also while it is loaded again or that fails. */
  readonly data: T | undefined;
  readonly problem: Refused | undefined;
  readonly reload: () => void;
}

/** Loads an address, again every `everyMs`, and whenever `version` is another one. */
export function useLoaded<T>(url: string, { everyMs = 0, version = '' } = {}): Loaded<T> {
  const [state, setState] = useState<{ url: string; data?: T; problem?: Refused }>({ url });
  const [count, setCount] = useState(0);
  useEffect(() => {
    const ended = new AbortController();
    get<T>(url, ended.signal).then(
      (data) => setState({ url, data }),
      (problem) => {
        if (ended.signal.aborted) return;
        setState((before) => ({ ...(before.url === url ? before : { url }), problem: asRefused(problem) }));
      },
    );
    return () => ended.abort();
  }, [url, version, count]);
  useEffect(() => {
    if (everyMs === 0) return;
    const timer = window.setInterval(() => {
      if (!document.hidden) setCount((before) => before + 1);
    }, everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  const reload = useCallback(() => setCount((before) => before + 1), []);
  const current = state.url === url ? state : { data: undefined, problem: undefined };
  return { data: current.data, problem: current.problem, reload };
}

export function asRefused(error: unknown): Refused {
  return error instanceof Refused ? error : new Refused(0, String(error));
}
