/** The journal, and what crashed. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { CrashRecord, HoldfastEvent } from '../../../../protocol/dashboard.ts';
import { isOwn, matches } from '../../model/live.ts';
import { link } from '../../model/route.ts';
import { eventReason, eventSubject } from '../../model/words.ts';
import { address, get, type Refused } from '../api.ts';
import { live } from '../live.ts';
import { asRefused, useLoaded } from '../load.ts';
import { Choice, Search } from '../parts/controls.tsx';
import { Crash, Events as EventList } from '../parts/events.tsx';
import { Empty, Panel, Problem, Waiting } from '../parts/small.tsx';
import { useStore } from '../store.ts';

const AT_A_TIME = 100;

export function Events() {
  const [app, setApp] = useState('');
  const [filter, setFilter] = useState('');
  const [older, setOlder] = useState<readonly HoldfastEvent[]>([]);
  const [ended, setEnded] = useState(false);
  const [problem, setProblem] = useState<Refused>();
  const fresh = useStore(live, (state) => state.events);
  const first = useLoaded<readonly HoldfastEvent[]>(address('events', { limit: AT_A_TIME, app }));
  useEffect(() => {
    setOlder([]);
    setEnded(false);
  }, [app]);
  const all = useMemo(() => {
    const bySeq = new Map<number, HoldfastEvent>();
    for (const event of [...fresh, ...(first.data ?? []), ...older]) {
      if (!app || event.app === app) bySeq.set(event.seq, event);
    }
    return [...bySeq.values()].sort((a, b) => b.seq - a.seq);
  }, [fresh, first.data, older, app]);
  const shown = all.filter((event) => matches(filter, event.type, eventSubject(event), eventReason(event)));
  const loadOlder = () => {
    const before = all.at(-1)?.seq;
    get<readonly HoldfastEvent[]>(address('events', { before, limit: AT_A_TIME, app })).then(
      (page) => {
        setOlder((known) => [...known, ...page]);
        setEnded(page.length === 0);
        setProblem(undefined);
      },
      (error) => setProblem(asRefused(error)),
    );
  };
  return (
    <>
      <EventTabs now="events" />
      <div class="toolbar">
        <AppChoice value={app} onValue={setApp} />
        <Search label="Filter events" value={filter} onValue={setFilter} />
      </div>
      {(problem ?? first.problem) && <Problem of={(problem ?? first.problem) as Refused} />}
      <Panel title="Newest first">
        {shown.length > 0 ? (
          <EventList events={shown} />
        ) : first.data ? (
          <Empty title={filter ? `No event matches “${filter}”` : 'Nothing has happened yet'} />
        ) : (
          <Waiting problem={undefined} />
        )}
        {!ended && first.data && first.data.length >= AT_A_TIME && (
          <button type="button" class="button" onClick={loadOlder}>
            Older events
          </button>
        )}
      </Panel>
    </>
  );
}

export function Crashes() {
  const [app, setApp] = useState('');
  const [shown, setShown] = useState(50);
  const newest = useStore(live, (state) => state.events.find(({ type }) => type === 'instance.crashed')?.seq);
  const { data, problem } = useLoaded<readonly CrashRecord[]>(address('crashes', { app }), {
    version: String(newest),
  });
  return (
    <>
      <EventTabs now="crashes" />
      <div class="toolbar">
        <AppChoice value={app} onValue={setApp} />
      </div>
      {problem && data && <Problem of={problem} />}
      <Panel title="Newest first">
        {!data && <Waiting problem={problem} />}
        {data?.length === 0 && (
          <Empty title="Nothing has crashed">
            When something does, its cause, its last output and its stack are here, and in{' '}
            <code>hold crashes</code>.
          </Empty>
        )}
        {data?.slice(0, shown).map((crash) => (
          <Crash key={`${crash.time} ${crash.instance}`} crash={crash} named />
        ))}
        {data && data.length > shown && (
          <button type="button" class="button" onClick={() => setShown(shown + 50)}>
            Older crashes
          </button>
        )}
      </Panel>
    </>
  );
}

function EventTabs({ now }: { readonly now: 'events' | 'crashes' }) {
  const tabs = [
    ['events', 'Events'],
    ['crashes', 'Crashes'],
  ] as const;
  return (
    <nav class="tabs" aria-label="Events or crashes">
      {tabs.map(([page, title]) => (
        <a key={page} href={link({ page })} {...(page === now ? { 'aria-current': 'page' as const } : {})}>
          {title}
        </a>
      ))}
    </nav>
  );
}

export function AppChoice(props: {
  readonly value: string;
  readonly onValue: (value: string) => void;
  /** What stands for "no choice". */
  readonly none?: string;
}) {
  const apps = useStore(live, (state) => state.apps);
  const names = Object.values(apps)
    .sort((a, b) => Number(isOwn(a)) - Number(isOwn(b)) || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
  // One that was deleted may still be asked for.
  if (props.value && !names.includes(props.value)) names.unshift(props.value);
  return (
    <Choice
      label="App"
      value={props.value}
      options={[['', props.none ?? 'All apps'] as const, ...names.map((name) => [name, name] as const)]}
      onValue={props.onValue}
    />
  );
}
