/** What is around every page: where one can go, whether all is well, and whether what is shown is what is. */
import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { formatClock } from '../model/format.ts';
import { link, logsOf, type Route } from '../model/route.ts';
import { healthLine } from '../model/words.ts';
import { session, signOut } from './api.ts';
import { helpShown, listenToKeys } from './keyboard.ts';
import { connection, keepLive, live } from './live.ts';
import { App } from './pages/app.tsx';
import { Certificates } from './pages/certificates.tsx';
import { Crashes, Events } from './pages/events.tsx';
import { Logs } from './pages/logs.tsx';
import { Outgoing } from './pages/outgoing.tsx';
import { Overview } from './pages/overview.tsx';
import { Release, Releases } from './pages/releases.tsx';
import { Help, Progress, Question } from './parts/dialogs.tsx';
import { Empty, Mark } from './parts/small.tsx';
import { place } from './place.ts';
import { useStore } from './store.ts';
import { nextTheme, theme } from './theme.ts';

const places: readonly {
  readonly title: string;
  readonly route: Route;
  readonly pages: readonly Route['page'][];
}[] = [
  { title: 'Overview', route: { page: 'overview' }, pages: ['overview', 'app'] },
  { title: 'Logs', route: logsOf(null), pages: ['logs'] },
  { title: 'Events', route: { page: 'events' }, pages: ['events', 'crashes'] },
  { title: 'Releases', route: { page: 'releases' }, pages: ['releases', 'release'] },
  { title: 'Outgoing', route: { page: 'outgoing' }, pages: ['outgoing'] },
  { title: 'Certificates', route: { page: 'certificates' }, pages: ['certificates'] },
];

export function Frame() {
  const route = useStore(place, (value) => value);
  useEffect(() => keepLive(), []);
  useEffect(() => listenToKeys(), []);
  const heading = useRef<HTMLHeadingElement>(null);
  const title = titleOf(route);
  const arrived = useRef(false);
  const hostname = useStore(session, (view) => view?.hostname ?? '');
  // Who goes to another page begins at its top, also who hears it.
  useEffect(() => {
    document.title = `${title} · ${hostname} · Holdfast`;
    if (arrived.current) {
      window.scrollTo(0, 0);
      heading.current?.focus({ preventScroll: true });
    }
    arrived.current = true;
  }, [title, hostname]);
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it goes somewhere, see skip() */}
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Head page={route.page} />
      <NotConnected />
      <main id="main" tabIndex={-1}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <Content route={route} />
      </main>
      <Progress />
      <Question />
      <Help />
    </>
  );
}

/** The address behind the `#` is the place in the page, and must stay it. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Head({ page }: { readonly page: Route['page'] }) {
  const view = useStore(session, (value) => value);
  const health = useStore(live, (state) => state.health);
  const chosen = useStore(theme, (value) => value);
  const line = health && healthLine(health);
  return (
    <header class="head">
      <a
        class="brand"
        href={link({ page: 'overview' })}
        aria-label={`Holdfast on ${view?.hostname}: overview`}
      >
        {line && <Mark tone={line.tone} />}
        <b>{view?.hostname}</b>
      </a>
      <nav aria-label="Pages">
        {places.map(({ title, route, pages }) => (
          <a
            key={title}
            href={link(route)}
            {...(pages.includes(page) ? { 'aria-current': 'page' as const } : {})}
          >
            {title}
          </a>
        ))}
      </nav>
      <div class="me">
        <span class="muted user" title={`Holdfast ${view?.version}`}>
          {view?.user}
          {view?.role === 'viewer' && ' (viewer)'}
        </span>
        <button
          type="button"
          class="button plain"
          onClick={nextTheme}
          title="Light, dark, or as the system (t)"
        >
          {{ system: 'Auto', light: 'Light', dark: 'Dark' }[chosen]}
          <span class="unseen"> colours</span>
        </button>
        <button
          type="button"
          class="button plain"
          onClick={() => helpShown.set(true)}
          aria-label="Keys"
          title="Keys (?)"
        >
          ?
        </button>
        <button
          type="button"
          class="button plain"
          onClick={() => void signOut().catch(() => session.set(null))}
        >
          Sign out
        </button>
      </div>
    </header>
  );
}

function NotConnected() {
  const state = useStore(connection, (value) => value);
  const at = useStore(live, (value) => (state === 'lost' ? value.at : null));
  const away = useStore(live, (value) => value.away);
  return (
    <div role="status" class="connection">
      {state === 'lost' && (
        <p class="notice warning">
          <Mark tone="warning" />
          <span>
            <b>{away ? 'Holdfast is being replaced' : 'Not connected'}</b>
            {at ? `, showing what was at ${formatClock(at)}` : ''}. It is tried again by itself.
          </span>
        </p>
      )}
    </div>
  );
}

function Content({ route }: { readonly route: Route }): ComponentChild {
  switch (route.page) {
    case 'overview':
      return <Overview />;
    case 'app':
      return <App key={route.app} name={route.app} />;
    case 'logs':
      return <Logs search={route.search} />;
    case 'events':
      return <Events />;
    case 'crashes':
      return <Crashes />;
    case 'releases':
      return <Releases />;
    case 'release':
      return <Release key={route.id} project={route.project} id={route.id} />;
    case 'outgoing':
      return <Outgoing />;
    case 'certificates':
      return <Certificates />;
    default:
      return (
        <Empty title="There is no such page">
          <a href={link({ page: 'overview' })}>Go to the overview</a>
        </Empty>
      );
  }
}

function titleOf(route: Route): string {
  if (route.page === 'app') return route.app;
  if (route.page === 'release') return `${route.project} ${route.id}`;
  if (route.page === 'crashes') return 'Crashes';
  return places.find(({ pages }) => pages.includes(route.page))?.title ?? 'Not found';
}
