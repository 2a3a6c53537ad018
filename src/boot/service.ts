/** Everything about the boot service of one home: what would be written, writing it, removing it, how it is. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { type BootRecord, bootRecordPath, parseBootRecord } from '../protocol/boot.ts';
import { areInPlace, asUser, removeFiles, runStep, runSteps, writeFiles } from './apply.ts';
import { launchCommand } from './identity.ts';
import { type LauncherFacts, launcherScript } from './launcher-script.ts';
import { detectInit, detectScanDir, lastingPath, type Machine, programsOf, serviceName } from './machine.ts';
import { bootPlan, knowsUserServices } from './plan.ts';
import {
  type BootFile,
  type BootPlan,
  type BootSite,
  type BootUser,
  INITS,
  type Init,
  launcherPath,
} from './site.ts';

export interface ServiceOptions {
  readonly home: string;
  readonly user: BootUser;
  readonly machine: Machine;
  readonly env: NodeJS.ProcessEnv;
  /** Of whoever gives the command. */
  readonly uid: number;
  readonly init?: string | undefined;
  readonly name?: string | undefined;
  readonly scanDir?: string | undefined;
}

export class BootService {
  readonly site: BootSite;
  readonly plan: BootPlan;
  readonly #env: NodeJS.ProcessEnv;
  readonly #uid: number;

  constructor(site: BootSite, env: NodeJS.ProcessEnv, uid: number) {
    this.site = site;
    this.plan = bootPlan(site);
    this.#env = env;
    this.#uid = uid;
  }

  /** The files of the init can be written only by root. */
  get needsRoot(): boolean {
    return this.site.scope === 'system' && this.#uid !== 0;
  }

  launcher(facts: Pick<LauncherFacts, 'node' | 'package' | 'path'>): BootFile {
    const { home, user } = this.site;
    const path = lastingPath(facts.path);
    const text = launcherScript({ ...facts, home, user: user.name, userHome: user.home, path });
    return { path: launcherPath(home), content: { text, mode: 0o755 } };
  }

  /** Writes everything and makes it start with the machine. */
  enable(launcher: BootFile): void {
    const { home, user, init, scope, name, scanDir } = this.site;
    const linger =
      scope === 'user' && init === 'systemd' && !existsSync(`/var/lib/systemd/linger/${user.name}`);
    const record: BootRecord = {
      init,
      scope,
      name,
      scanDir,
      user: user.name,
      start: this.plan.wake,
      linger: linger || (readRecord(home)?.linger ?? false),
    };
    asUser(user, () => {
      for (const dir of [home, join(home, 'state'), join(home, 'run')])
        mkdirSync(dir, { recursive: true, mode: 0o700 });
      writeFiles([launcher]);
    });
    writeFiles(this.plan.files);
    asUser(user, () => writeFileSync(bootRecordPath(home), `${JSON.stringify(record)}\n`, { mode: 0o600 }));
    runSteps(this.plan.enable, this.#env);
  }

  /** `renew`: it runs, and its script was asked to leave. */
  start(renew: boolean): void {
    runSteps(renew ? this.plan.renew : this.plan.start, this.#env);
  }

  /** Ends the service and removes everything; answers the paths that are gone. */
  disable(launcher: BootFile): string[] {
    const { home, user, scope } = this.site;
    const linger = readRecord(home)?.linger === true && scope === 'user';
    runSteps(this.plan.disable, this.#env);
    const removed = removeFiles(this.plan.files, this.plan.leftovers);
    runSteps(this.plan.forget, this.#env);
    if (linger) runStep({ command: ['loginctl', 'disable-linger', user.name] }, this.#env);
    const own = asUser(user, () => {
      rmSync(bootRecordPath(home), { force: true });
      const gone = removeFiles([launcher]);
      if (gone.length > 0) removeIfEmpty(dirname(launcher.path));
      return gone;
    });
    return [...removed, ...own];
  }

  /** Files are there, as they would be written now; the init says that it runs. */
  status(): { installed: boolean; upToDate: boolean; running: boolean } {
    const { files } = this.plan;
    return {
      installed: files.every(({ path }) => existsSync(path)),
      upToDate: areInPlace(files),
      running: runStep(this.plan.status, this.#env).status === 0,
    };
  }

  /** What the launcher would take at this moment, or what it complains of. */
  where(): { node: string; package: string } | { problem: string } {
    if (!existsSync(launcherPath(this.site.home)))
      return { problem: `${launcherPath(this.site.home)} is missing` };
    // As that user: the launcher is that user's file.
    const command =
      this.#uid === this.site.user.uid
        ? [launcherPath(this.site.home), 'where']
        : ['/bin/sh', '-c', launchCommand(this.site, [], ['where'])];
    const { status, output } = runStep({ command: command as [string, ...string[]] }, this.#env);
    const [node = '', pack = ''] = output.split('\n');
    return status === 0 ? { node, package: pack } : { problem: output.trim() };
  }
}

/** INIT_UNKNOWN where none was named and none is found; USAGE for a name that is none. */
export function bootService(options: ServiceOptions): BootService {
  const { home, user, machine, env, uid } = options;
  const record = readRecord(home);
  const init = initOf(options.init ?? record?.init, machine);
  const scope = uid !== 0 && knowsUserServices(init) ? 'user' : 'system';
  const name = options.name ?? record?.name ?? serviceName(home, user, scope);
  if (!/^[A-Za-z0-9_][\w.@-]{0,63}$/.test(name)) {
    throw new HoldfastError(
      'USAGE',
      `The service cannot be called "${name}": letters, digits, "-", "_" and "." only`,
    );
  }
  // What another user has written is not followed by root.
  const known = record?.init === init && isOwn(home, uid) ? record.scanDir : null;
  const scanDir = options.scanDir ?? known ?? detectScanDir(init, machine);
  return new BootService({ init, scope, name, home, user, scanDir, programs: programsOf(machine) }, env, uid);
}

/** undefined when the home does not start with the machine. */
export function readRecord(home: string): BootRecord | undefined {
  try {
    return parseBootRecord(readFileSync(bootRecordPath(home), 'utf8'));
  } catch {
    return undefined;
  }
}

function initOf(named: string | undefined, machine: Machine): Init {
  const init = named ?? detectInit(machine);
  const known = INITS.find((one) => one === init);
  if (known) return known;
  const list = INITS.join(', ');
  if (named !== undefined) {
    throw new HoldfastError('USAGE', `Holdfast does not know the init system "${named}": it knows ${list}`);
  }
  throw new HoldfastError('INIT_UNKNOWN', 'Cannot tell which init system starts programs on this machine', {
    hint: `Name it with \`--init\`: ${list}. In a container, run \`hold start\` or \`hold up\` as its command`,
  });
}

function isOwn(home: string, uid: number): boolean {
  try {
    return statSync(bootRecordPath(home)).uid === uid;
  } catch {
    return false;
  }
}

function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // Other things are in it.
  }
}
