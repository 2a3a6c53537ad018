/** Reads all numbers: each ten seconds for history and alerts, and when somebody asks. */
import type { Clock } from '../../kit/clock.ts';
import type { CertificateView } from '../../protocol/certificates.ts';
import type { HealthView, HostView } from '../../protocol/dashboard.ts';
import type { EgressView } from '../../protocol/egress.ts';
import type { History, HistoryRange } from '../../protocol/history.ts';
import type { Metrics } from '../../protocol/metrics.ts';
import { rulesIn } from '../alerts/alert-rules.ts';
import { Alerts } from '../alerts/alerts.ts';
import type { Certificate, CertificateTrouble } from '../certificates.ts';
import { Archive } from '../history/archive.ts';
import { hostView } from '../history/host.ts';
import { TIERS } from '../history/measures.ts';
import { Recorder } from '../history/recorder.ts';
import { snapshotOf } from '../history/snapshot.ts';
import type { Journal } from '../journal.ts';
import type { DesiredState } from '../state.ts';
import type { TrafficTotals } from '../traffic-totals.ts';
import { UsageMeter } from '../usage.ts';
import { appViews, type ViewSources } from '../views.ts';
import { CertificateViews } from './certificate-views.ts';
import { EgressRows } from './egress-families.ts';
import { metricsOf } from './families.ts';
import { appReading, type Reading } from './reading.ts';

export interface ObservatoryOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  /** Of the state files. */
  readonly stateDir: string;
  readonly home: string;
  readonly version: string;
  readonly views: ViewSources;
  readonly traffic: Pick<TrafficTotals, 'counted'>;
  state(): DesiredState;
  certificates(): readonly Certificate[];
  certificateTroubles(): readonly CertificateTrouble[];
  egress(): EgressView;
}

/** Of the first tier. */
const STEP_MS = TIERS[0]?.stepMs ?? 10_000;
const TREND_MS = 6 * 3_600_000;
/** For what the file system of the home says. */
const PATIENCE_MS = 2_000;

export class Observatory {
  readonly #options: ObservatoryOptions;
  readonly #since: number;
  readonly #usage: UsageMeter;
  readonly #recorder = new Recorder();
  readonly #archive: Archive;
  readonly #alerts: Alerts;
  readonly #certificateViews = new CertificateViews();
  readonly #egressRows = new EgressRows();
  readonly #unfollow: () => void;
  #host: HostView | null = null;
  #isAsking = false;
  #hasBegun = false;
  #hasFailed = false;
  #cancel: (() => void) | undefined;
  #soon: (() => void) | undefined;
  #isClosed = false;

  constructor(options: ObservatoryOptions) {
    const { clock, journal, stateDir, home, state } = options;
    this.#options = options;
    this.#since = clock.now();
    this.#usage = new UsageMeter(clock);
    this.#archive = new Archive({
      clock,
      dir: `${stateDir}/history`,
      onDamaged: (file) =>
        journal.record('history.damaged', { reason: `"${file}" is damaged`, data: { file } }),
      onUnsaved: ({ message }) => journal.record('history.unsaved', { reason: message }),
    });
    this.#alerts = new Alerts({
      journal,
      home,
      file: `${stateDir}/alerts.json`,
      rulesFor: (about) => rulesIn(state(), about),
      disk: () => this.#diskPoints(),
    });
    this.#unfollow = journal.follow((event) => {
      const { type, app, reason = '', data } = event;
      if (type === 'instance.unhealthy' && app !== undefined && data?.watchdog === true)
        this.#alerts.blocked(app, `${event.instance}: ${reason}`, clock.now());
      else if (type !== 'instance.failed' && type !== 'instance.ready') return;
      // Whoever wrote the event is not done with it; and what a daemon does not know yet must not look as if it were well.
      if (!this.#hasBegun) return;
      this.#soon ??= clock.after(0, () => this.#lookSoon());
    });
  }

  /** Everything that runs is known by now. */
  async begin(): Promise<void> {
    this.#egressRows.of(this.#options.egress().counts);
    await this.#archive.load((frame) => this.#recorder.put(frame));
    if (this.#isClosed) return;
    this.#hasBegun = true;
    await this.#askHost();
    this.#sample();
  }

  history(series: string, range: HistoryRange): History {
    return this.#recorder.get(series, range, this.#options.clock.now());
  }

  async metrics(): Promise<Metrics> {
    const { version, state, egress } = this.#options;
    await this.#askHost();
    const releases = Object.entries(state().releases).flatMap(([project, { serving }]) =>
      serving === null ? [] : [[project, serving.release] as const],
    );
    return metricsOf(this.#read(this.#options.views.usage), {
      version,
      node: process.version,
      certificates: this.certificates(),
      egress: this.#egressRows.of(egress().counts),
      releases: Object.fromEntries(releases),
    });
  }

  health(): HealthView {
    return this.#alerts.health;
  }

  certificates(): CertificateView[] {
    const { state, certificates, certificateTroubles, clock } = this.#options;
    return this.#certificateViews.of({
      sites: Object.values(state().sites).map(({ site }) => site),
      certificates: certificates(),
      troubles: certificateTroubles(),
      now: clock.now(),
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#soon?.();
    this.#unfollow();
    this.#archive.close();
  }

  #sample(): void {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    this.#harmless(() => {
      const reading = this.#read(this.#usage);
      this.#archive.add(this.#recorder.take(snapshotOf(reading)));
      this.#alerts.look(reading, this.certificates());
    });
    this.#cancel = clock.after(STEP_MS - (clock.now() % STEP_MS), () => {
      void this.#askHost().then(() => this.#sample());
    });
  }

  /** A file system that is away (NFS) is asked once, and not waited for: nothing is known of it until it answers. */
  #askHost(): Promise<void> {
    if (this.#isAsking) return Promise.resolve();
    this.#isAsking = true;
    return new Promise((resolve) => {
      const giveUp = this.#options.clock.after(PATIENCE_MS, () => {
        this.#host = null;
        resolve();
      });
      void hostView(this.#options.home).then((host) => {
        giveUp();
        this.#isAsking = false;
        this.#host = host;
        resolve();
      });
    });
  }

  #lookSoon(): void {
    this.#soon = undefined;
    this.#harmless(() => this.#alerts.look(this.#read(this.#options.views.usage), this.certificates()));
  }

  /** Numbers are less than what they are about: what goes wrong with them is told once, and ends nothing. */
  #harmless(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.journal.record('history.unsaved', { reason });
    }
  }

  #read(usage: UsageMeter): Reading {
    const { views, traffic, state, clock } = this.#options;
    const apps = appViews({ ...views, usage });
    const { edge, front, sites } = state();
    const hasEdge = edge !== null && front === null && Object.keys(sites).length > 0;
    return {
      at: clock.now(),
      since: this.#since,
      apps: apps.map((app) => appReading(app, (pid) => usage.cpuMsOf(pid))),
      traffic: hasEdge ? traffic.counted() : null,
      host: this.#host,
    };
  }

  #diskPoints() {
    const now = this.#options.clock.now();
    const { from, stepMs, measures } = this.#recorder.get('host', '24h', now);
    return (measures.diskFreeBytes ?? []).flatMap((freeBytes, i) => {
      const at = from + i * stepMs;
      return freeBytes === null || at < now - TREND_MS ? [] : [{ at, freeBytes }];
    });
  }
}
