/** `hold profile`: asks the guest of an instance for a profile, keeps it, and writes down who wanted it. */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import type { Clock } from '../kit/clock.ts';
import { readPlainFile } from '../kit/plain-file.ts';
import { formatDuration } from '../kit/units.ts';
import type { HomePaths } from '../protocol/home.ts';
import type { EndedProfiles, EndProfileRequest, ProfileRequest, ProfileView } from '../protocol/profile.ts';
import type { Instance } from '../supervisor/instance.ts';
import { currentAsker } from './asker.ts';
import type { Journal } from './journal.ts';
import type { Link } from './links.ts';
import { dropOldProfiles, openProfileDir, profileName } from './profile-files.ts';
import { openProfilePipe } from './profile-pipe.ts';
import { type ProfileAnswer, ProfileRun } from './profile-run.ts';
import { cleaned } from './reports.ts';
import { nameOf, reportsDirOf } from './vitals.ts';

export interface ProfilesOptions {
  readonly clock: Clock;
  readonly paths: HomePaths;
  readonly journal: Pick<Journal, 'record'>;
  linkOf(key: string): Link | undefined;
  /** Undefined: there is no such app. */
  instancesOf(app: string): readonly Instance[] | undefined;
}

const DEFAULT_MS = 10_000;
const SHORTEST_MS = 100;
const LONGEST_MS = 10 * 60_000;
const REPORT_BYTES = 64 * 1024 * 1024;
const KINDS = ['cpu', 'heap', 'alloc', 'report'];

interface Taken {
  readonly instance: Instance;
  readonly by: string | null;
  readonly since: number;
  /** null while its pipe is made. */
  run: ProfileRun | null;
}

export class Profiles {
  readonly #options: ProfilesOptions;
  readonly #dir: string;
  /** By key of the instance. */
  readonly #taken = new Map<string, Taken>();
  #id = 0;
  #swept = false;

  constructor(options: ProfilesOptions) {
    this.#options = options;
    this.#dir = join(options.paths.home, 'profiles');
  }

  /** @throws HoldfastError APP_UNKNOWN, BAD_REQUEST (it cannot be profiled), BUSY (it is being profiled, or does not answer) */
  async take(app: string, request: ProfileRequest): Promise<ProfileView> {
    const { clock } = this.#options;
    const { kind, forMs = DEFAULT_MS } = request;
    const instance = this.#chosen(app, request.slot);
    this.#refuseSecond(instance);
    check(instance.id, kind, forMs);
    const link = this.#linkOf(instance);
    const taken: Taken = { instance, by: currentAsker(), since: clock.now(), run: null };
    this.#taken.set(instance.key, taken);
    const file = join(this.#dir, profileName(instance.id, kind, taken.since));
    try {
      // What is half-done belongs to an earlier daemon only before the first one of this.
      openProfileDir(this.#dir, !this.#swept);
      this.#swept = true;
      const bytes = await this.#record(taken, link, { kind, forMs }, `${file}.new`);
      renameSync(`${file}.new`, file);
      dropOldProfiles(this.#dir);
      const { id, running } = instance;
      const pid = running?.record.pid ?? link.hello.pid;
      const tookMs = Math.round(clock.now() - taken.since);
      const data = { kind, file, bytes, tookMs };
      this.#options.journal.record('instance.profiled', { app, instance: id, pid, data });
      return { instance: id, pid, ...data };
    } finally {
      rmSync(`${file}.new`, { force: true });
      this.#taken.delete(instance.key);
    }
  }

  /** Ends what is being taken of an app, or of one instance of it. What there is by then is kept. */
  end(app: string, { slot }: EndProfileRequest): EndedProfiles {
    const meant = [...this.#taken.values()].filter(
      ({ instance }) => instance.plan.name === app && (slot === undefined || instance.slot === slot),
    );
    for (const { run } of meant) run?.end();
    return { instances: meant.map(({ instance }) => instance.id) };
  }

  heard({ key }: Pick<Link, 'key'>, message: ProfileAnswer): void {
    this.#taken.get(key)?.run?.heard(message);
  }

  gone({ key }: Pick<Link, 'key'>): void {
    this.#taken.get(key)?.run?.gone();
  }

  /** @returns its size in bytes */
  async #record(
    taken: Taken,
    link: Link,
    { kind, forMs }: Required<Pick<ProfileRequest, 'kind' | 'forMs'>>,
    file: string,
  ): Promise<number> {
    const { paths, clock } = this.#options;
    const { id: instance, key, plan, running } = taken.instance;
    const record = running?.record ?? null;
    const path = join(reportsDirOf(paths, record), `${nameOf(key)}.profile`);
    const pipe = await openProfilePipe(path, record?.lease.uid ?? null, file);
    this.#id += 1;
    // The guest may still be busy with one that an earlier daemon wanted.
    const id = (Math.floor(taken.since / 1000) + this.#id) % 2 ** 31;
    const threaded = kind === 'cpu' || kind === 'alloc';
    const run = new ProfileRun({
      clock,
      link,
      instance,
      order: { id, kind, forMs, pipe: path },
      pipe,
      file,
      watcher: threaded && plan.watchdogMs !== null ? `${path}.json` : null,
    });
    taken.run = run;
    await run.take();
    return kind === 'report' ? cleanReport(file) : pipe.bytes();
  }

  #chosen(app: string, slot: number | undefined): Instance {
    const { instancesOf } = this.#options;
    const all = instancesOf(app);
    if (!all) throw new HoldfastError('APP_UNKNOWN', `There is no app "${app}"`);
    const there = all.filter((one) => one.running !== null && (slot === undefined || one.slot === slot));
    const found = there.find((one) => one.phase === 'ready' && !one.draining) ?? there[0];
    if (found) return found;
    const whom = slot === undefined ? app : `${app}.${slot}`;
    throw new HoldfastError('BAD_REQUEST', `Cannot profile "${whom}": it does not run`, {
      hint: `\`hold show ${app}\` says how it is`,
    });
  }

  #linkOf({ id, key, plan, running }: Instance): Link {
    const link = this.#options.linkOf(key);
    if (link) return link;
    const why = !plan.command.node
      ? 'it is no Node.js program'
      : !running?.record.lease.guest
        ? 'it runs without the guest (`guest: false`)'
        : 'it has not connected yet';
    throw new HoldfastError('BAD_REQUEST', `Cannot profile "${id}": ${why}`, {
      hint: 'Profiles are taken by the guest, which Holdfast loads into Node.js programs at their start',
    });
  }

  #refuseSecond({ id, key }: Instance): void {
    const taken = this.#taken.get(key);
    if (!taken) return;
    const by = taken.by === null ? '' : ` by ${taken.by}`;
    const since = formatDuration(Math.max(0, this.#options.clock.now() - taken.since));
    throw new HoldfastError('BUSY', `Cannot profile "${id}": it is being profiled${by} since ${since}`, {
      hint: 'One profile at a time: wait until it is done',
    });
  }
}

function check(instance: string, kind: string, forMs: number): void {
  if (!KINDS.includes(kind)) {
    throw new HoldfastError(
      'BAD_REQUEST',
      `Cannot profile "${instance}": the kind must be one of ${KINDS.join(', ')}, got "${kind}"`,
    );
  }
  if (Number.isFinite(forMs) && forMs >= SHORTEST_MS && forMs <= LONGEST_MS) return;
  throw new HoldfastError(
    'BAD_REQUEST',
    `Cannot profile "${instance}": the time must be from ${SHORTEST_MS}ms to ${formatDuration(LONGEST_MS)}, got ${forMs} ms`,
  );
}

/** Of what Node writes, what may be secret is not kept. */
function cleanReport(file: string): number {
  const report = readPlainFile(file, REPORT_BYTES);
  const text = `${JSON.stringify(cleaned(JSON.parse(report), report.length), null, 2)}\n`;
  writeAtomicSync(file, text, { sync: false });
  return Buffer.byteLength(text);
}
