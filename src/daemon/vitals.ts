/** The signs of life of every instance: its heartbeat, its notices, its answers when it is asked, and where it is stuck. */
import { existsSync } from 'node:fs';
import type { AppPlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import type { Machine } from '../launch/machine.ts';
import type { HomePaths } from '../protocol/home.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { ProcessRecord } from '../supervisor/process.ts';
import { annexOf } from './annexes.ts';
import type { Links } from './links.ts';
import { type Notice, NotifySockets } from './notify-sockets.ts';
import { Prober } from './prober.ts';
import { readBlocked, reportFiles, reportsDir } from './reports.ts';
import { healthEveryMs, vitalSocket } from './vital-orders.ts';

export interface VitalsOptions {
  readonly clock: Clock;
  readonly paths: HomePaths;
  readonly machine: Machine;
  links(): Links;
  find(id: string, serial: number): Instance | undefined;
  noticed(instance: Instance, notice: Notice): void;
}

const LOOK_MS = 50;
/** Node's report comes after the stack; with many connections it takes a while. */
const REPORT_WAIT_MS = 1500;

export class Vitals {
  readonly prober: Prober;
  readonly #options: VitalsOptions;
  readonly #notify: NotifySockets;
  /** When each last sent a notice. */
  readonly #noticedAt = new Map<string, number>();

  constructor(options: VitalsOptions) {
    this.#options = options;
    const { machine, clock, paths } = options;
    this.prober = new Prober({
      home: paths.home,
      machine,
      linkOf: ({ key }) => options.links().get(key),
      listensOn: (app, port) =>
        options
          .links()
          .all.some(
            ({ hello, listening }) =>
              hello.instance.startsWith(`${app}.`) && listening.some((one) => one.port === port),
          ),
    });
    this.#notify = new NotifySockets({
      clock,
      path: process.env.PATH ?? '/usr/bin:/bin',
      heard: (key, notice) => {
        this.#noticedAt.set(key, clock.now());
        const [id = '', serial] = key.split('#');
        const instance = options.find(id, Number(serial));
        if (instance) options.noticed(instance, notice);
      },
    });
  }

  /** What the environment of a new instance says about notices; listens for them from then on. */
  async notifyEnv(plan: AppPlan, key: string, runDir: string): Promise<Record<string, string>> {
    if (plan.ready.by !== 'notify') return {};
    const path = vitalSocket(runDir, nameOf(key), 'notify');
    await this.#notify.open(key, path);
    return {
      NOTIFY_SOCKET: path,
      // In µs, see sd_watchdog_enabled(3).
      ...(plan.watchdogMs !== null && { WATCHDOG_USEC: String(plan.watchdogMs * 1000) }),
    };
  }

  /** It was started by an earlier daemon. */
  adopted({ plan, key, running }: Instance): void {
    if (plan.ready.by !== 'notify') return;
    const path = vitalSocket(runDirOf(this.#options.paths, running?.record ?? null), nameOf(key), 'notify');
    this.#notify.open(key, path).catch(() => undefined);
  }

  released(key: string): void {
    this.#notify.close(key);
    this.#noticedAt.delete(key);
  }

  /** When it last gave a sign of life, and whether a debugger may stop it; null when it has given none to this daemon. */
  heartbeat({ key }: Instance): { readonly at: number; readonly debugged: boolean } | null {
    const link = this.#options.links().get(key);
    const noticedAt = this.#noticedAt.get(key);
    if (!link && noticedAt === undefined) return null;
    return {
      at: Math.max(link?.heardAt ?? 0, noticedAt ?? 0),
      debugged: link?.debugged === true || link?.profiled === true,
    };
  }

  /** The guest can be told things, and tells. */
  isLinked({ key }: Instance): boolean {
    return this.#options.links().get(key) !== undefined;
  }

  /** Where its event loop is stuck, as the guest's watcher notes; empty when it does not. Waits for Node's report, too. */
  async stackOf({ key, plan, running }: Instance): Promise<readonly string[]> {
    if (!running?.record.lease.guest) return [];
    const files = reportFiles(reportsDirOf(this.#options.paths, running.record), nameOf(key));
    // The watcher looks as often as a heartbeat comes.
    await this.#until(() => existsSync(files.blocked), healthEveryMs(plan.watchdogMs) + 1000);
    const seen = readBlocked(files.blocked);
    if (!seen) return [];
    await this.#until(() => readBlocked(files.blocked)?.report ?? false, REPORT_WAIT_MS);
    return seen.stack;
  }

  close(): void {
    this.#notify.end();
  }

  async #until(condition: () => boolean, withinMs: number): Promise<void> {
    const { clock } = this.#options;
    const end = clock.now() + withinMs;
    while (!condition() && clock.now() < end) {
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
    }
  }
}

/** `web.0.3` for `web.0#3`. */
export function nameOf(key: string): string {
  return key.replace('#', '.');
}

/** Where the guest of an instance makes sockets: of another user's, outside of the home. */
export function runDirOf(paths: HomePaths, record: ProcessRecord | null): string {
  const uid = record?.lease.uid;
  return uid === undefined ? paths.run : annexOf(paths.home, uid).own;
}

/** Where the guest of an instance writes reports. */
export function reportsDirOf(paths: HomePaths, record: ProcessRecord | null): string {
  const uid = record?.lease.uid;
  return uid === undefined ? reportsDir(paths) : annexOf(paths.home, uid).reports;
}
