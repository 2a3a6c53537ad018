/** Apps that are restarted when their files change. */
import type { AppPlan, WatchPlan } from '../../config/plan.ts';
import { TreeWatcher } from '../../kit/tree-watcher.ts';
import type { Guardian, GuardianContext } from '../guardians.ts';
import { SelfWrites } from './self-writes.ts';
import { shownPath, watchFilter } from './watch-filter.ts';

export interface WatchContext extends Pick<GuardianContext, 'clock' | 'state'> {
  readonly journal: Pick<GuardianContext['journal'], 'record'>;
  readonly home: string;
  /** Settles when the new ones run, or plainly will not. */
  restart(app: string, why: string): Promise<void>;
}

export function createWatch({ clock, state, journal, paths, operations }: GuardianContext): Guardian {
  return new Watch({
    clock,
    state,
    journal,
    home: paths.home,
    restart: (app, why) => operations.reload(app, {}, why),
  });
}

export class Watch implements Guardian {
  readonly #context: WatchContext;
  readonly #apps = new Map<string, { readonly key: string; readonly watched: WatchedApp }>();

  constructor(context: WatchContext) {
    this.#context = context;
  }

  heard(): void {}

  changed(): void {
    const wanted = new Map(
      Object.values(this.#context.state().apps).flatMap(({ plan, stopped }) =>
        plan.watch && !plan.job && !stopped ? [[plan.name, { plan, watch: plan.watch }]] : [],
      ),
    );
    for (const [app, { key, watched }] of this.#apps) {
      const next = wanted.get(app);
      if (next && keyOf(next.plan) === key) continue;
      watched.close();
      this.#apps.delete(app);
    }
    for (const [app, { plan, watch }] of wanted) {
      if (this.#apps.has(app)) continue;
      this.#apps.set(app, { key: keyOf(plan), watched: new WatchedApp(plan, watch, this.#context) });
    }
  }

  close(): void {
    for (const { watched } of this.#apps.values()) watched.close();
    this.#apps.clear();
  }
}

/** What the watching depends on; anything else of the plan may change meanwhile. */
function keyOf({ watch, cwd, pidFile, log }: AppPlan): string {
  return JSON.stringify([watch, cwd, pidFile, log.files]);
}

const SHOWN_FILES = 10;
/** More than this are not told apart. */
const COUNTED_FILES = 10_000;

class WatchedApp {
  readonly #plan: AppPlan;
  readonly #watch: WatchPlan;
  readonly #context: WatchContext;
  readonly #trees: readonly TreeWatcher[];
  readonly #files = new Set<string>();
  readonly #writes = new SelfWrites();
  /** Which the app writes itself when it starts. */
  readonly #own = new Set<string>();
  /** When the first of `#files` changed. */
  #since = 0;
  #cancelWait: (() => void) | null = null;
  #restarting = false;
  #problemTold = false;
  #closed = false;

  constructor(plan: AppPlan, watch: WatchPlan, context: WatchContext) {
    this.#plan = plan;
    this.#watch = watch;
    this.#context = context;
    const { isIgnored, counts } = watchFilter(plan, watch, context.home);
    this.#trees = watch.paths.map(
      (root) =>
        new TreeWatcher({
          root,
          isIgnored,
          onChange: (path, kind) => {
            if (kind === 'directory' || path === root || counts(path)) this.#changed(path);
          },
          onProblem: (error) => this.#tellProblem(root, error),
        }),
    );
  }

  close(): void {
    this.#closed = true;
    this.#cancelWait?.();
    for (const tree of this.#trees) tree.close();
  }

  #changed(path: string): void {
    if (this.#closed || this.#own.has(path)) return;
    if (this.#files.size === 0) this.#since = this.#context.clock.now();
    if (this.#files.size < COUNTED_FILES) this.#files.add(path);
    this.#waitForQuiet();
  }

  #waitForQuiet(): void {
    this.#cancelWait?.();
    this.#cancelWait = this.#context.clock.after(this.#watch.debounceMs, () => {
      this.#cancelWait = null;
      void this.#restart();
    });
  }

  async #restart(): Promise<void> {
    // What changes during a restart leads to one more, afterwards.
    if (this.#restarting) return;
    const files = [...this.#files];
    this.#files.clear();
    const isHabit = this.#writes.isHabit(files, this.#since);
    this.#tell(files, isHabit);
    if (isHabit) {
      for (const file of files) this.#own.add(file);
      return;
    }
    const { clock, restart } = this.#context;
    this.#restarting = true;
    // Why it failed is in the journal; the next change tries again.
    await restart(this.#plan.name, 'files changed').catch(() => undefined);
    this.#restarting = false;
    this.#writes.restarted(clock.now());
    if (this.#files.size > 0 && !this.#closed && !this.#cancelWait) this.#waitForQuiet();
  }

  #tell(files: readonly string[], isHabit: boolean): void {
    const { name, cwd } = this.#plan;
    const shown = files.slice(0, SHOWN_FILES).map((file) => shownPath(file, cwd));
    const [first] = shown;
    const others = files.length - 1;
    const which =
      others === 0 ? `${first} has` : `${first} and ${others} other${others === 1 ? '' : 's'} have`;
    const habit =
      ' after each restart, so the app itself seems to write this; it does not count any more: put it into `watch.ignore`';
    this.#context.journal.record('watch.changed', {
      app: name,
      reason: `${which} changed${isHabit ? habit : ''}`,
      data: { files: shown, count: files.length, ...(isHabit && { ignored: true }) },
    });
  }

  /** Once: where one directory cannot be watched, many cannot. */
  #tellProblem(root: string, error: NodeJS.ErrnoException): void {
    if (this.#problemTold) return;
    this.#problemTold = true;
    this.#context.journal.record('limit.unavailable', {
      app: this.#plan.name,
      reason: `Cannot watch all of "${root}": ${inWords(error)}`,
      data: { code: error.code },
    });
  }
}

/** See inotify(7). */
function inWords({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOSPC')
    return 'the kernel watches no more directories for this user; raise it (`sysctl fs.inotify.max_user_watches=524288`) or watch less (`watch.paths`, `watch.ignore`)';
  if (code === 'EMFILE')
    return 'too many programs of this user watch files, or too many files are open; raise it (`sysctl fs.inotify.max_user_instances=512`, `ulimit -n`)';
  return message;
}
