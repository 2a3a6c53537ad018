/** One app's log: search, older pages, and what comes now. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LogLine, LogPage } from '../../../../protocol/dashboard.ts';
import { formatCount, formatMoment } from '../../model/format.ts';
import { inOrder } from '../../model/live.ts';
import { appended, type NumberedLine, prepended, searchProblem } from '../../model/log-line.ts';
import { type LogSearch, logsOf } from '../../model/route.ts';
import { address, get, Refused } from '../api.ts';
import { live } from '../live.ts';
import { asRefused } from '../load.ts';
import { Choice, Search } from '../parts/controls.tsx';
import { LogRow } from '../parts/log-lines.tsx';
import { Empty, Problem, Waiting } from '../parts/small.tsx';
import { noteInAddress } from '../place.ts';
import { useStore } from '../store.ts';
import { AppChoice } from './events.tsx';

const PAGE = 300;
/** As many lines as stay in the page while it follows; the file has the rest. */
const MOST = 2000;
const TYPING_MS = 300;

export function Logs({ search }: { readonly search: LogSearch }) {
  const [wanted, setWanted] = useState(search);
  useEffect(() => setWanted(search), [search]);
  const known = useStore(live, (state) => state.at !== null);
  const first = useStore(live, (state) => inOrder(Object.values(state.apps))[0]?.name ?? null);
  const app = wanted.app ?? first;
  const instances = useStore(live, (state) => (app ? state.apps[app]?.instances : undefined));
  const change = (more: Partial<LogSearch>) => {
    const next = { ...wanted, ...more };
    setWanted(next);
    noteInAddress(logsOf(next.app, next));
  };
  const settled = useSettled(wanted.query);
  if (!known) return <Waiting problem={undefined} />;
  if (app === null) {
    return (
      <Empty title="There is no app, so there is no log">
        Start one with <code>hold start app.js</code> or <code>hold up</code>.
      </Empty>
    );
  }
  const ids = [
    ...new Set([...(instances ?? []).map(({ id }) => id), ...(wanted.instance ? [wanted.instance] : [])]),
  ];
  const problem = searchProblem(wanted.query);
  return (
    <div class="logs">
      <div class="toolbar">
        <AppChoice value={app} onValue={(app) => change({ app, instance: '' })} none="Choose an app" />
        <Choice
          label="Instance"
          value={wanted.instance}
          options={[['', 'All instances'], ...ids.map((id) => [id, id] as const)]}
          onValue={(instance) => change({ instance })}
        />
        <Choice
          label="Stream"
          value={wanted.stream}
          options={[
            ['', 'out and err'],
            ['out', 'only out'],
            ['err', 'only err'],
          ]}
          onValue={(stream) => change({ stream: stream as LogSearch['stream'] })}
        />
        <Search
          label="Search the log"
          placeholder="Words, or /regex/  ( / )"
          value={wanted.query}
          onValue={(query) => change({ query })}
        />
      </div>
      {problem && <p class="notice warning">{problem}</p>}
      {app !== '' && searchProblem(settled) === undefined && (
        <Lines
          key={`${app} ${wanted.instance} ${wanted.stream} ${settled}`}
          app={app}
          query={settled}
          instance={wanted.instance}
          stream={wanted.stream}
        />
      )}
    </div>
  );
}

/** The value when it has not changed for a moment: not each letter is a search. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [value]);
  return settled;
}

function Lines(props: {
  readonly app: string;
  readonly query: string;
  readonly instance: string;
  readonly stream: string;
}) {
  const { app, query, instance, stream } = props;
  const path = `logs/${encodeURIComponent(app)}`;
  const [lines, setLines] = useState<readonly NumberedLine[]>();
  const [cursor, setCursor] = useState<string | null>(null);
  const [searchedTo, setSearchedTo] = useState<string>();
  /** What is here already: following goes on from there. */
  const after = useRef('');
  const [problem, setProblem] = useState<Refused>();
  const [follow, setFollow] = useState(true);
  const [loading, setLoading] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const lastTop = useRef(0);
  /** Height before older lines came, so that what is read stays where it is. */
  const heightBefore = useRef<number | null>(null);

  useEffect(() => {
    const ended = new AbortController();
    const url = address(path, { query, instance, stream, limit: PAGE });
    get<LogPage>(url, ended.signal).then(
      (page) => {
        setLines(appended([], page.lines, MOST));
        setCursor(page.cursor);
        setSearchedTo(page.searchedTo);
        after.current = page.after;
        setProblem(undefined);
      },
      (error) => !ended.signal.aborted && setProblem(asRefused(error)),
    );
    return () => ended.abort();
  }, [path, query, instance, stream]);

  const loaded = lines !== undefined;
  useEffect(() => {
    if (!follow || !loaded) return;
    return followed({
      url: () => address(`${path}/follow`, { query, instance, stream, after: after.current }),
      came(fresh, place) {
        after.current = place;
        setLines((known) => appended(known ?? [], fresh, Math.max(MOST, known?.length ?? 0)));
      },
      failed(problem) {
        setProblem(problem);
        setFollow(false);
      },
    });
  }, [follow, loaded, path, query, instance, stream]);

  useLayoutEffect(() => {
    const view = box.current;
    if (!view) return;
    if (heightBefore.current !== null) {
      view.scrollTop += view.scrollHeight - heightBefore.current;
      heightBefore.current = null;
    } else if (atEnd.current) view.scrollTop = view.scrollHeight;
  }, [lines]);

  const loadOlder = async () => {
    if (cursor === null || loading) return;
    setLoading(true);
    try {
      const url = address(path, { query, instance, stream, before: cursor, limit: PAGE });
      const page = await get<LogPage>(url);
      heightBefore.current = box.current?.scrollHeight ?? null;
      atEnd.current = false;
      setLines((known) => prepended(known ?? [], page.lines));
      setCursor(page.cursor);
      setSearchedTo(page.searchedTo);
    } catch (error) {
      setProblem(asRefused(error));
    } finally {
      setLoading(false);
    }
  };

  return (
    <>
      <div class="toolbar log-state">
        <button type="button" class="button" aria-pressed={follow} onClick={() => setFollow(!follow)}>
          {follow ? 'Following' : 'Follow'}
        </button>
        <span class="muted" role="status">
          {lines &&
            `${formatCount(lines.length)} ${lines.length === 1 ? 'line' : 'lines'}${query ? ' found' : ''}`}
          {searchedTo && `; searched back to ${formatMoment(searchedTo, Date.now())} until the time was up`}
        </span>
      </div>
      {problem && <Problem of={problem} />}
      {!lines && !problem && <Waiting problem={undefined} />}
      {lines?.length === 0 && cursor === null && (
        <Empty title={query ? `No line has “${query}”` : 'The log is empty'}>
          {query
            ? 'All words must be in one line; /…/ is a regular expression.'
            : 'What the app writes to stdout and stderr comes here.'}
        </Empty>
      )}
      {lines && (lines.length > 0 || cursor !== null) && (
        <section
          class="log"
          ref={box}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          aria-label={`Log of ${app}`}
          onScroll={({ currentTarget: view }) => {
            // New lines move the end away; only a person moves up.
            if (view.scrollHeight - view.scrollTop - view.clientHeight < 24) atEnd.current = true;
            else if (view.scrollTop < lastTop.current) atEnd.current = false;
            lastTop.current = view.scrollTop;
          }}
        >
          {cursor !== null && (
            <button type="button" class="button" aria-disabled={loading} onClick={loadOlder}>
              {loading ? 'Loading …' : query ? 'Search further back' : 'Older lines'}
            </button>
          )}
          {lines.map((line) => (
            <LogRow
              key={line.number}
              time={line.time}
              instance={line.instance}
              stream={line.stream}
              text={line.text}
              query={query}
            />
          ))}
        </section>
      )}
    </>
  );
}

const AGAIN_MS = 3000;

interface Following {
  /** As of now: it says how far we are. */
  url(): string;
  /** New lines, all of one frame together, and the place behind them. */
  came(lines: readonly LogLine[], place: string): void;
  /** It cannot go on, and would not the next time. */
  failed(problem: Refused): void;
}

/** Follows until the function that it returns is called. A connection that breaks is opened again by the browser, one that is refused by us. */
function followed({ url, came, failed }: Following): () => void {
  let fresh: LogLine[] = [];
  let place = '';
  let frame = 0;
  let timer = 0;
  let source: EventSource;
  const open = () => {
    source = new EventSource(url());
    source.onmessage = ({ data, lastEventId }) => {
      fresh.push(JSON.parse(data) as LogLine);
      if (fresh.length > MOST) fresh = fresh.slice(-MOST);
      place = lastEventId;
      frame ||= requestAnimationFrame(flush);
    };
    source.addEventListener('problem', ({ data }) => {
      source.close();
      const { message, hint } = JSON.parse(data) as { message: string; hint?: string };
      failed(new Refused(0, message, hint));
    });
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, AGAIN_MS);
    };
  };
  const flush = () => {
    frame = 0;
    came(fresh, place);
    fresh = [];
  };
  open();
  return () => {
    source.close();
    window.clearTimeout(timer);
    cancelAnimationFrame(frame);
    if (fresh.length > 0) flush();
  };
}
