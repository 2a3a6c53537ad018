/**
 * Promotions of releases, one per project at a time: begun by a person, carried to their end by the daemon, whatever becomes of the
 * person, and by the next daemon when this one dies. After each step what comes next is written down before it is done, and each step
 * can be done twice.
 */
import type { AppPlan } from '../../config/plan.ts';
import { HoldfastError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { CrashRecord, TrafficView } from '../../protocol/api.ts';
import type { PromoteRequest, PromotionView, ReleaseNames } from '../../protocol/release.ts';
import type { SupervisorFact } from '../../supervisor/supervisor.ts';
import { currentAsker } from '../asker.ts';
import { refuseOtherEdge } from '../edge-asks.ts';
import type { Journal } from '../journal.ts';
import type { Operations } from '../operations.ts';
import type { Outputs } from '../outputs.ts';
import type { DesiredState, DesiredStore } from '../state.ts';
import { type Named, refuseForeign } from '../up-plan.ts';
import { formerSource, withSource } from './adoption.ts';
import { Chronicle, recordsIn } from './chronicle.ts';
import { CrashLog } from './crash-log.ts';
import { pointBack, readCurrent } from './current-link.ts';
import { whyOf } from './failed-step.ts';
import { usualFigures } from './figures.ts';
import { advance, firstStep, type PromotionEvent } from './machine.ts';
import { baseName } from './next-name.ts';
import { placesAfter, placesOf, refusal, viewOf } from './places.ts';
import { type Failure, noReleases, type Past, type ProjectReleases, type Promotion } from './promotion.ts';
import { standingOf } from './standing.ts';
import { type Note, Steps, type StepsOptions, sharesOf } from './steps.ts';
import { usualAfter, usualPast } from './usual.ts';

export interface ReleasesOptions {
  readonly clock: Clock;
  /** Of the machine, see `bootId`. */
  readonly boot: string;
  readonly store: Pick<DesiredStore, 'state' | 'edit'>;
  readonly journal: Pick<Journal, 'record'>;
  readonly operations: Pick<Operations, 'up' | 'plan'>;
  readonly supervisor: StepsOptions['supervisor'];
  readonly prober: StepsOptions['prober'];
  readonly outputs: Pick<Outputs, 'ended' | 'lastLines'>;
  /** Of an app, oldest first. */
  crashes(app: string): readonly CrashRecord[];
  traffic(): Pick<TrafficView, 'instances'>;
}

/** How far back crashes of the release before count. */
const COMPARED_MS = 600_000;

type Outcome = (failure: Failure | null) => void;

export class Releases {
  readonly #options: ReleasesOptions;
  readonly #crashes: CrashLog;
  readonly #steps: Steps;
  /** By project: what is being done. */
  readonly #underWay = new Map<string, AbortController>();
  /** By project: who waits for the end. */
  readonly #waiting = new Map<string, Outcome>();
  readonly #chronicle: Chronicle;

  constructor(options: ReleasesOptions) {
    this.#options = options;
    const { clock, outputs, operations, supervisor, prober, store, traffic, journal } = options;
    this.#chronicle = new Chronicle(journal, () => clock.now());
    this.#crashes = new CrashLog({
      now: () => clock.now(),
      ended: (key) => outputs.ended(key),
      lastLines: (key) => outputs.lastLines(key),
    });
    this.#steps = new Steps({
      clock,
      operations,
      supervisor,
      prober,
      crashes: this.#crashes,
      state: () => store.state,
      traffic,
      lastLines: (key) => outputs.lastLines(key),
    });
  }

  heard(fact: SupervisorFact): void {
    this.#crashes.heard(fact);
  }

  /**
   * Goes on with what the daemon before has begun. What was watched is watched anew: nobody has seen what happened meanwhile. After
   * the machine was off, what served before comes back: the other hosts of the deploy, or the person, have gone on without us.
   */
  resume(): void {
    for (const [project, { promotion }] of Object.entries(this.#options.store.state.releases)) {
      if (!promotion) continue;
      const { kind, step, boot, before, from } = promotion;
      const wasOff = boot !== null && boot !== this.#options.boot;
      if (wasOff && kind === 'deploy' && step !== 'rollback' && (before || from.serving)) {
        const reason = 'the machine was started anew in the middle of it';
        this.#advance(project, promotion, { type: 'failed', reason, details: [] }, null);
        continue;
      }
      const again = { ...promotion, stepSince: this.#options.clock.now() };
      this.#edit(project, (old) => ({ ...old, promotion: again }));
      this.#begin(project, again);
    }
  }

  /** Ends nothing: the next daemon goes on. */
  close(): void {
    for (const work of this.#underWay.values()) work.abort();
  }

  /** Everything is being taken down, and nothing is to come back. */
  forget(): void {
    const { store } = this.#options;
    this.close();
    this.#underWay.clear();
    for (const [project, { root, serving, promotion }] of Object.entries(store.state.releases)) {
      const served = promotion ? promotion.from.serving : serving;
      if (promotion) this.#cutShort(project, promotion);
      if (root !== null && served) this.#chronicle.stopped(root, served.release);
    }
    store.edit((state) => ({ ...state, releases: {} }));
  }

  #cutShort(project: string, promotion: Promotion): void {
    const { step } = promotion;
    const reason = 'everything was stopped';
    const failure = promotion.failure ?? { step, reason, details: [], aborted: true };
    this.#chronicle.ended(promotion, 'failed', reason);
    this.#chronicle.fell(promotion, failure);
    pointBack(promotion);
    this.#answer(project, failure);
  }

  /** @throws HoldfastError DEPLOY_LOCKED, or why it came to nothing: RELEASE_REFUSED */
  async promote(request: PromoteRequest): Promise<PromotionView> {
    const { project } = request;
    this.#check(request);
    const promotion = this.#newPromotion(request);
    const end = new Promise<Failure | null>((resolve) => this.#waiting.set(project, resolve));
    this.#edit(
      project,
      (old) => ({ ...old, root: promotion.root, promotion }),
      () => this.#taken(request.plan),
    );
    this.#chronicle.begun(promotion);
    this.#begin(project, promotion);
    const failure = await end;
    if (failure) throw refusal(promotion, failure);
    return viewOf(project, this.#of(project));
  }

  /** Skips what is left of a time in which the release is watched. */
  async continue(project: string): Promise<PromotionView> {
    return this.#order(project, { type: 'continue' });
  }

  /** Back to the release before, now. */
  async abort(project: string): Promise<PromotionView> {
    return this.#order(project, { type: 'abort' });
  }

  view(): PromotionView[] {
    return Object.entries(this.#options.store.state.releases).map(([project, one]) => viewOf(project, one));
  }

  /**
   * What would get lost, or be mixed with what a promotion is about.
   * @param what such as `scale "web"`
   * @throws HoldfastError BUSY
   */
  refuseIfPromoted(what: string, about: { readonly app: string } | { readonly source: string | null }): void {
    for (const { promotion } of Object.values(this.#options.store.state.releases)) {
      if (!promotion) continue;
      const { plan, before, release } = promotion;
      const name = 'app' in about ? baseName(about.app) : null;
      const isMine = name !== null && (plan.apps[name] ?? before?.plan.apps[name]);
      if (!isMine && !('source' in about && about.source === plan.source)) continue;
      throw new HoldfastError(
        'BUSY',
        `Cannot ${what} now: release "${release}" is being promoted (${promotion.step})`,
        { hint: 'Wait until it is done, or run `hold deploy --abort` first' },
      );
    }
  }

  /**
   * Before the work begins that a release takes.
   * @throws HoldfastError APP_EXISTS
   */
  checkNames(project: string, { source, apps, sites }: ReleaseNames): null {
    const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, true]));
    const next = { source, project, apps: named(apps), sites: named(sites) };
    refuseForeign(this.#taken(next), next);
    return null;
  }

  #of(project: string): ProjectReleases {
    return this.#options.store.state.releases[project] ?? noReleases;
  }

  /** @param also what else becomes different at the same time */
  #edit(
    project: string,
    change: (old: ProjectReleases) => ProjectReleases,
    also: (state: DesiredState) => DesiredState = (state) => state,
  ): void {
    this.#options.store.edit((state) => ({
      ...also(state),
      releases: { ...state.releases, [project]: change(state.releases[project] ?? noReleases) },
    }));
  }

  #check({ project, release, plan, root }: PromoteRequest): void {
    const { promotion } = this.#of(project);
    if (promotion) {
      const since = new Date(promotion.startedAt).toISOString();
      throw new HoldfastError(
        'DEPLOY_LOCKED',
        `Cannot promote "${release}" of "${project}": release "${promotion.release}" is being promoted since ${since}`,
        { hint: 'Wait until it is done, or run `hold deploy --abort`' },
      );
    }
    if (typeof plan?.source !== 'string' || typeof root !== 'string')
      throw new HoldfastError('BAD_REQUEST', `Cannot promote "${release}": its plan is of no release`);
    refuseForeign(this.#taken(plan), plan);
    refuseOtherEdge(this.#taken(plan), plan);
    this.#options.operations.plan(plan);
  }

  /** Desired state with what there is of the project, wherever it came from, as it is known from now on. */
  #taken(plan: Named): DesiredState {
    const { state } = this.#options.store;
    return withSource(state, formerSource(state, plan), plan.source);
  }

  #newPromotion({ project, release, root, plan, kind }: PromoteRequest): Promotion {
    const { clock, store } = this.#options;
    const now = clock.now();
    const { serving, previous } = this.#of(project);
    const before = standingOf(this.#taken(plan), plan);
    const { by } = recordsIn(root).read(release) ?? {};
    const maker = by ? `${by.user}@${by.host}${by.from ? ` from ${by.from}` : ''}` : null;
    return {
      kind,
      release,
      root,
      plan,
      // Who made a release is not who goes back to it.
      by: kind === 'rollback' ? (currentAsker() ?? maker) : maker,
      startedAt: now,
      boot: this.#options.boot,
      step: firstStep(kind),
      shareIndex: 0,
      stepSince: now,
      before,
      past: Object.fromEntries(
        Object.values(before?.plan.apps ?? {}).map((app) => [
          app.name,
          usualPast(this.#of(project), app.name, now) ?? this.#past(app),
        ]),
      ),
      from: { serving, previous, current: readCurrent(root), source: formerSource(store.state, plan) },
      failure: null,
    };
  }

  #past({ name, release }: AppPlan): Past {
    const { clock, crashes, traffic } = this.#options;
    const since = new Date(clock.now() - COMPARED_MS).toISOString();
    const late = crashes(name).filter((crash) => crash.time > since && crash.release === release);
    return { ...usualFigures(traffic(), name), crashes: late.length };
  }

  #order(project: string, event: PromotionEvent): PromotionView {
    const { promotion } = this.#of(project);
    if (!promotion) throw new HoldfastError('BAD_REQUEST', `No release of "${project}" is being promoted`);
    const why = this.#advance(project, promotion, event, null);
    if (why !== null)
      throw new HoldfastError('BAD_REQUEST', `Cannot ${event.type} release "${promotion.release}": ${why}`);
    return viewOf(project, this.#of(project));
  }

  /** Whatever was being done of it is not any more. */
  #begin(project: string, promotion: Promotion): void {
    const work = new AbortController();
    this.#underWay.get(project)?.abort();
    this.#underWay.set(project, work);
    const ended = (event: PromotionEvent, note: Note) => {
      if (!work.signal.aborted) this.#advance(project, promotion, event, note);
    };
    this.#steps.carryOut(promotion, work.signal).then(
      (note) => ended({ type: 'passed' }, note),
      (error) => ended({ type: 'failed', ...whyOf(error) }, null),
    );
  }

  /** @returns why it cannot be */
  #advance(project: string, promotion: Promotion, event: PromotionEvent, note: Note): string | null {
    const now = this.#options.clock.now();
    const course = advance(promotion, event, { shares: sharesOf(promotion), now });
    if (course.kind === 'refused') return course.why;
    if (course.kind === 'over') {
      if (!course.failure)
        this.#chronicle.ended(promotion, event.type === 'passed' ? 'done' : 'skipped', note);
      this.#over(project, promotion, course.failure);
      return null;
    }
    const { promotion: after } = course;
    if (after.failure) this.#chronicle.ended(promotion, 'failed', after.failure.reason);
    else if (after.step !== promotion.step) this.#chronicle.ended(promotion, 'done', note);
    // First: a daemon that dies in between says it twice, and not never.
    this.#chronicle.begun(after);
    this.#edit(project, (old) => ({ ...old, ...placesOf(after, now), promotion: after }));
    this.#begin(project, after);
    return null;
  }

  #over(project: string, promotion: Promotion, failure: Failure | null): void {
    this.#underWay.get(project)?.abort();
    this.#underWay.delete(project);
    const now = this.#options.clock.now();
    if (failure) {
      this.#chronicle.fell(promotion, failure);
      // Also when the way back has failed: what came to nothing must not be taken for what serves.
      pointBack(promotion);
    } else this.#chronicle.serves(promotion);
    const { from, plan, root } = promotion;
    this.#edit(
      project,
      () => ({
        root,
        ...placesAfter(promotion, failure, now),
        promotion: null,
        usual: usualAfter(promotion, failure, now),
      }),
      (state) => (failure ? withSource(state, plan.source, from.source) : state),
    );
    this.#answer(project, failure);
  }

  #answer(project: string, failure: Failure | null): void {
    this.#waiting.get(project)?.(failure);
    this.#waiting.delete(project);
  }
}
