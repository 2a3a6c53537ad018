/** The daemon's side of the egress proxy: who its clients are, what they may do, and what they did. */
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AppPlan } from '../config/plan.ts';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import type { Clock } from '../kit/clock.ts';
import type { EgressCount, EgressPolicy, EgressView } from '../protocol/egress.ts';
import type { FromChild, ToChild } from '../protocol/link.ts';
import { EGRESS, egressEnv, egressOf, egressSockets } from './egress-app.ts';
import type { Journal } from './journal.ts';
import type { DesiredState } from './state.ts';

export interface EgressLink {
  readonly key: string;
  send(message: ToChild): void;
}

export interface EgressOptions {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'record'>;
  /** Directory of the state files. */
  readonly dir: string;
  /** Where the proxy's unix socket is, when the file does not say where. */
  readonly socket: string;
  state(): DesiredState;
  /** Of the proxies that are connected. */
  links(): readonly EgressLink[];
}

const SAVE_MS = 1000;

export class Egress {
  readonly #options: EgressOptions;
  /** By process, then by app and destination: what each process has counted. */
  readonly #counts = new Map<string, Map<string, EgressCount>>();
  #key: Buffer | null = null;
  #sent = '';
  #saving: (() => void) | null = null;

  constructor(options: EgressOptions) {
    this.#options = options;
  }

  /** What was counted before this daemon. */
  load(): void {
    try {
      const past = JSON.parse(readFileSync(this.#countsFile, 'utf8')) as Record<string, EgressCount[]>;
      for (const [key, rows] of Object.entries(past)) this.#take(key, rows);
    } catch {
      // There is none, or it is damaged: counting begins anew.
    }
  }

  /** Variables for a process of this app. */
  envFor(plan: AppPlan): Record<string, string> {
    const state = this.#options.state();
    const source = state.apps[plan.name]?.source ?? null;
    const port = state.apps[EGRESS]?.plan.port ?? null;
    if (port === null || plan.name.startsWith('@') || !egressOf(source, state)) return {};
    return egressEnv(plan.name, this.#token(plan.name), port, plan.guest && plan.command.node);
  }

  /** For a command that runs beside the app: without the guest. */
  envBeside(plan: AppPlan): Record<string, string> {
    return this.envFor({ ...plan, guest: false });
  }

  connected(link: EgressLink): void {
    // Those that are gone have said all that they will say.
    const here = new Set(this.#options.links().map(({ key }) => key));
    for (const key of [...this.#counts.keys()]) if (key !== PAST && !here.has(key)) this.#bury(key);
    // What a proxy that is gone has counted is nowhere else.
    if (this.#counts.size > 0) this.#save();
    link.send({ type: 'egress', policy: this.#policy() });
  }

  heard(link: EgressLink, message: FromChild): void {
    if (message.type === 'egressCounts') {
      this.#take(link.key, message.counts);
      this.#saving ??= this.#options.clock.after(SAVE_MS, () => this.#save());
    }
    if (message.type === 'egressDenied') {
      const { app, host, port, reason, times } = message.denial;
      this.#options.journal.record('egress.denied', { app, reason, data: { to: `${host}:${port}`, times } });
    }
  }

  /** Desired state is another. */
  changed(): void {
    const policy = this.#policy();
    const text = JSON.stringify(policy);
    if (text === this.#sent) return;
    this.#sent = text;
    for (const link of this.#options.links()) link.send({ type: 'egress', policy });
  }

  /** Busiest first. */
  view(app: string | null): EgressView {
    const state = this.#options.state();
    const total = new Map<string, EgressCount>();
    for (const rows of this.#counts.values()) {
      for (const row of rows.values()) add(total, row);
    }
    const counts = [...total.values()].filter((row) => app === null || row.app === app);
    const modes = Object.values(state.apps).flatMap(({ plan, source }): [string, 'observe' | 'allow'][] => {
      const egress = egressOf(source, state);
      if (!egress || (app !== null && plan.name !== app)) return [];
      return [[plan.name, egress.observe ? 'observe' : 'allow']];
    });
    const busiest = (a: EgressCount, b: EgressCount) =>
      b.connections + b.denied + b.failed - (a.connections + a.denied + a.failed);
    return { apps: Object.fromEntries(modes), counts: counts.sort(busiest) };
  }

  close(): void {
    if (this.#saving) this.#save();
  }

  #policy(): EgressPolicy {
    const state = this.#options.state();
    const apps = Object.values(state.apps).flatMap(({ plan, source }) => {
      const egress = egressOf(source, state);
      if (!egress) return [];
      const { observe, allow, apps } = egress;
      const own = Object.hasOwn(apps, plan.name) ? apps[plan.name] : undefined;
      const client = { token: this.#token(plan.name), observe, allow: [...allow, ...(own ?? [])] };
      return [[plan.name, client] as const];
    });
    return { apps: Object.fromEntries(apps), sockets: egressSockets(state, this.#options.socket) };
  }

  /** The same at every start of the app and of the daemon, and of no use elsewhere. */
  #token(app: string): string {
    this.#key ??= this.#readKey();
    return createHmac('sha256', this.#key).update(app).digest('hex').slice(0, 40);
  }

  #readKey(): Buffer {
    const file = `${this.#options.dir}/egress.key`;
    try {
      const key = Buffer.from(readFileSync(file, 'utf8'), 'hex');
      if (key.length === 32) return key;
    } catch {
      // It is made below.
    }
    const key = randomBytes(32);
    writeAtomicSync(file, key.toString('hex'));
    return key;
  }

  get #countsFile(): string {
    return `${this.#options.dir}/egress-counts.json`;
  }

  #take(key: string, rows: readonly EgressCount[]): void {
    const known = this.#counts.get(key) ?? new Map<string, EgressCount>();
    this.#counts.set(key, known);
    for (const row of rows) known.set(rowKey(row), row);
  }

  #bury(key: string): void {
    const past = this.#counts.get(PAST) ?? new Map<string, EgressCount>();
    for (const row of this.#counts.get(key)?.values() ?? []) add(past, { ...row, open: 0 });
    this.#counts.set(PAST, past);
    this.#counts.delete(key);
  }

  #save(): void {
    this.#saving?.();
    this.#saving = null;
    const counts = [...this.#counts].map(([key, rows]) => [key, [...rows.values()]] as const);
    try {
      writeAtomicSync(this.#countsFile, JSON.stringify(Object.fromEntries(counts)), { sync: false });
    } catch {
      // The disk is full: they are in memory, and it is tried again with the next ones.
    }
  }
}

const PAST = 'past';

function rowKey({ app, host, port }: EgressCount): string {
  return `${app} ${host} ${port}`;
}

function add(to: Map<string, EgressCount>, row: EgressCount): void {
  const old = to.get(rowKey(row));
  if (!old) return void to.set(rowKey(row), row);
  to.set(rowKey(row), {
    ...row,
    connections: old.connections + row.connections,
    open: old.open + row.open,
    bytesOut: old.bytesOut + row.bytesOut,
    bytesIn: old.bytesIn + row.bytesIn,
    denied: old.denied + row.denied,
    failed: old.failed + row.failed,
    lastAt: Math.max(old.lastAt, row.lastAt),
  });
}
