/** Five seconds: is it well? And if not, where. */
import { useState } from 'preact/hooks';
import type {
  HealthProblem,
  HostView,
  LiveApp,
  LiveSite,
  PromotionView,
} from '../../../../protocol/dashboard.ts';
import {
  formatCount,
  formatCpu,
  formatMs,
  formatRate,
  formatShare,
  formatSize,
  NOTHING,
  plural,
} from '../../model/format.ts';
import { inOrder, isOwn, matches } from '../../model/live.ts';
import { link } from '../../model/route.ts';
import { appTone, healthLine, instanceTone, placeOf, siteTone } from '../../model/words.ts';
import { live } from '../live.ts';
import { Charts } from '../parts/charts.tsx';
import { Do, Search } from '../parts/controls.tsx';
import { Events } from '../parts/events.tsx';
import { memo } from '../parts/memo.ts';
import { promotionText } from '../parts/promotion.tsx';
import { Ago, Empty, Figure, Mark, Panel, Status, Waiting } from '../parts/small.tsx';
import { Spark } from '../parts/spark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { useStore } from '../store.ts';

const QUIET_TILL_ASKED = 8;

export function Overview() {
  const apps = useStore(live, (state) => state.apps);
  const sites = useStore(live, (state) => state.sites);
  const events = useStore(live, (state) => state.events);
  const known = useStore(live, (state) => state.at !== null);
  const [filter, setFilter] = useState('');
  if (!known) return <Waiting problem={undefined} />;
  const allApps = inOrder(Object.values(apps));
  const ofUsers = allApps.filter(
    (app) => !isOwn(app) && matches(filter, app.name, app.namespace, app.status),
  );
  const own = allApps.filter((app) => isOwn(app) && matches(filter, app.name, app.status));
  const allSites = Object.values(sites).sort((a, b) => (a.host < b.host ? -1 : 1));
  const shownSites = allSites.filter((site) => matches(filter, site.host, ...site.apps));
  const many = allApps.length + allSites.length > QUIET_TILL_ASKED;
  return (
    <>
      <Health />
      <Promotions />
      {many && <Search label="Filter sites and apps" value={filter} onValue={setFilter} />}
      {shownSites.length > 0 && (
        <Panel title="Sites">
          <Table label="Sites" columns={siteColumns} rows={shownSites} keyOf={({ host }) => host} />
        </Panel>
      )}
      <Panel title="Apps" more={<span class="muted">{plural(ofUsers.length, 'app')}</span>}>
        {ofUsers.length > 0 ? (
          <Table label="Apps" columns={appColumns} rows={ofUsers} keyOf={({ name }) => name} />
        ) : filter ? (
          <Empty title={`No app matches “${filter}”`} />
        ) : (
          <Empty title="No app runs here yet">
            Start one with <code>hold start app.js</code>, or all of a configuration with <code>hold up</code>
            .
          </Empty>
        )}
      </Panel>
      {own.length > 0 && (
        <Panel title="Holdfast’s own processes">
          <Table
            label="Holdfast's own processes"
            columns={ownColumns}
            rows={own}
            keyOf={({ name }) => name}
          />
        </Panel>
      )}
      <Panel title="Latest events" more={<a href={link({ page: 'events' })}>All events</a>}>
        {events.length > 0 ? (
          <Events events={events.slice(0, 8)} />
        ) : (
          <Empty title="Nothing has happened yet" />
        )}
      </Panel>
      <Charts title="All traffic" series="total" />
      <Charts title="This machine" series="host" />
    </>
  );
}

function Health() {
  const health = useStore(live, (state) => state.health);
  const apps = useStore(live, (state) => state.apps);
  const total = useStore(live, (state) => state.total);
  const host = useStore(live, (state) => state.host);
  const { tone, text } = health ? healthLine(health) : ({ tone: 'busy', text: 'Looking' } as const);
  const shown = Object.values(apps);
  const ready = shown.flatMap(({ instances }) => instances).filter(({ status }) => status === 'ready').length;
  return (
    <section class={`health ${tone}`} aria-label="Health">
      <p class="health-line" role="status">
        <Mark tone={tone} />
        {text}
      </p>
      {health && health.problems.length > 0 && (
        <ul class="problems">
          {health.problems.map((problem) => (
            <Problem key={`${problem.kind} ${problem.subject}`} problem={problem} apps={apps} />
          ))}
        </ul>
      )}
      <dl class="figures">
        <Figure name="requests/s" value={formatRate(total?.requestsPerSecond)} />
        <Figure
          name="errors"
          value={total ? formatShare(total.errorsPerSecond, total.requestsPerSecond) : NOTHING}
        />
        <Figure name="p50" value={formatMs(total?.p50Ms)} />
        <Figure name="p95" value={formatMs(total?.p95Ms)} />
        <Figure name="p99" value={formatMs(total?.p99Ms)} />
        <Figure name="WebSockets" value={formatCount(total?.openWebSockets)} />
        <Figure name="instances ready" value={formatCount(ready)} />
      </dl>
      {host && <Machine host={host} />}
    </section>
  );
}

function Problem(props: {
  readonly problem: HealthProblem;
  readonly apps: Readonly<Record<string, LiveApp>>;
}) {
  const { level, text, subject, since } = props.problem;
  const place = placeOf(props.problem, props);
  return (
    <li>
      <Mark tone={level} />
      <span>
        {place ? (
          <a href={link(place)} data-item>
            {subject}
          </a>
        ) : (
          <b>{subject}</b>
        )}{' '}
        {text.startsWith(`${subject} `) ? text.slice(subject.length + 1) : text}{' '}
        {since && (
          <span class="muted">
            <Ago time={since} />
          </span>
        )}
      </span>
    </li>
  );
}

function Machine({ host }: { readonly host: HostView }) {
  const used = host.memoryBytes - host.memoryFreeBytes;
  const diskUsed = host.diskBytes - host.diskFreeBytes;
  return (
    <dl class="machine">
      <Gauge
        name="Load"
        share={host.load1 / host.cores}
        text={`${host.load1.toFixed(2)} on ${plural(host.cores, 'core')}`}
      />
      <Gauge
        name="Memory"
        share={used / host.memoryBytes}
        text={`${formatSize(used)} of ${formatSize(host.memoryBytes)}`}
      />
      <Gauge
        name="Disk"
        share={diskUsed / host.diskBytes}
        text={`${formatSize(diskUsed)} of ${formatSize(host.diskBytes)}`}
      />
    </dl>
  );
}

function Gauge({
  name,
  share,
  text,
}: {
  readonly name: string;
  readonly share: number;
  readonly text: string;
}) {
  const level = share > 0.95 ? 'failing' : share > 0.85 ? 'warning' : '';
  return (
    <div class={`gauge ${level}`}>
      <dt>{name}</dt>
      <dd>
        <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="gauge-all" width="100" height="4" />
          <rect class="gauge-used" width={Math.max(0, Math.min(100, share * 100)).toFixed(1)} height="4" />
        </svg>
        <span>{text}</span>
      </dd>
    </div>
  );
}

function Promotions() {
  const promotions = useStore(live, (state) => state.promotions);
  const underWay = promotions.filter(({ promotion }) => promotion !== null);
  return (
    <>
      {underWay.map((view) => (
        <PromotionLine key={view.project} view={view} />
      ))}
    </>
  );
}

function PromotionLine({ view }: { readonly view: PromotionView }) {
  return (
    <p class="notice busy">
      <Mark tone="busy" />
      <span>
        <a href={link({ page: 'releases' })} data-item>
          {view.project}
        </a>{' '}
        {promotionText(view)}
      </span>
    </p>
  );
}

const Instances = memo(function Instances({ app }: { readonly app: LiveApp }) {
  const ready = app.instances.filter(({ status }) => status === 'ready').length;
  const shown = app.instances.length <= 8 ? app.instances : [];
  return (
    <span class="instances">
      {ready}/{app.wanted}
      <span class="dots" aria-hidden="true">
        {shown.map((instance) => (
          <Mark key={`${instance.id} ${instance.serial}`} tone={instanceTone(instance.status)} />
        ))}
      </span>
    </span>
  );
});

interface Rated {
  readonly rates: LiveApp['rates'];
}

const rateColumns = <R extends Rated>(): readonly Column<R>[] => [
  { head: 'req/s', number: true, cell: ({ rates }) => formatRate(rates?.requestsPerSecond) },
  {
    head: 'errors',
    number: true,
    cell: ({ rates }) =>
      rates ? <Share part={rates.errorsPerSecond} whole={rates.requestsPerSecond} /> : NOTHING,
  },
  { head: 'p50', number: true, cell: ({ rates }) => formatMs(rates?.p50Ms) },
  { head: 'p95', number: true, cell: ({ rates }) => formatMs(rates?.p95Ms) },
  { head: 'p99', number: true, cell: ({ rates }) => formatMs(rates?.p99Ms) },
  { head: 'sockets', number: true, cell: ({ rates }) => formatCount(rates?.openWebSockets) },
];

function Share({ part, whole }: { readonly part: number; readonly whole: number }) {
  const level =
    whole > 0 && part / whole >= 0.05 ? 'failing' : whole > 0 && part / whole >= 0.01 ? 'warning' : '';
  return <span class={`share ${level}`}>{formatShare(part, whole)}</span>;
}

const name = ({ name }: LiveApp) => (
  <a href={link({ page: 'app', app: name })} data-item>
    {name}
  </a>
);

const processColumns: readonly Column<LiveApp>[] = [
  { head: 'CPU', number: true, cell: ({ instances }) => formatCpu(sum(instances.map(({ cpu }) => cpu))) },
  {
    head: 'memory',
    number: true,
    cell: ({ instances }) => formatSize(sum(instances.map((one) => one.memoryBytes))),
  },
  {
    head: 'restarts',
    number: true,
    cell: ({ instances }) => sum(instances.map(({ restarts }) => restarts)) ?? 0,
  },
];

const status: Column<LiveApp> = {
  head: 'status',
  cell: ({ status, nextRun }) => (
    <>
      <Status tone={appTone(status)} text={status} />
      {nextRun && status === 'waiting' && (
        <span class="muted">
          {' '}
          <Ago time={nextRun} />
        </span>
      )}
    </>
  ),
};

const appColumns: readonly Column<LiveApp>[] = [
  { head: 'app', title: true, cell: name },
  status,
  { head: 'ready', cell: (app) => (app.status === 'waiting' ? NOTHING : <Instances app={app} />) },
  ...rateColumns<LiveApp>(),
  ...processColumns,
  { head: 'last crash', cell: ({ lastCrashAt }) => (lastCrashAt ? <Ago time={lastCrashAt} /> : NOTHING) },
  { head: 'last hour', cell: ({ name, rates }) => (rates ? <Spark series={`app:${name}`} /> : NOTHING) },
];

const ownColumns: readonly Column<LiveApp>[] = [
  { head: 'process', title: true, cell: name },
  status,
  { head: 'ready', cell: (app) => <Instances app={app} /> },
  ...processColumns,
];

const siteColumns: readonly Column<LiveSite>[] = [
  { head: 'site', title: true, cell: ({ host }) => <b>{host}</b> },
  {
    head: 'state',
    cell: (site) => <Status {...siteTone(site)} />,
  },
  {
    head: 'apps',
    cell: ({ apps }) =>
      apps.length === 0
        ? NOTHING
        : apps.map((app, n) => (
            <span key={app}>
              {n > 0 && ', '}
              <a href={link({ page: 'app', app })}>{app}</a>
            </span>
          )),
  },
  ...rateColumns<LiveSite>(),
  { head: 'last hour', cell: ({ host }) => <Spark series={`site:${host}`} /> },
  {
    head: 'do',
    cell: ({ host, paused }) =>
      paused ? (
        <Do action={{ do: 'resume', site: host }} label={`Resume ${host}`}>
          Resume
        </Do>
      ) : (
        <Do action={{ do: 'pause', site: host }} label={`Pause ${host}`}>
          Pause
        </Do>
      ),
  },
];

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}
