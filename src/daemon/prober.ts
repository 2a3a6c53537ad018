/** Where and how a running instance is asked, for readiness and for health. */
import { lstatSync, realpathSync } from 'node:fs';
import type { Probe } from '../config/plan.ts';
import { identityOf } from '../launch/identity.ts';
import type { Machine } from '../launch/machine.ts';
import { readSecrets } from '../launch/secrets.ts';
import { slotPort } from '../launch/slot-port.ts';
import { launchSpec } from '../launch/spec.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { Link } from './links.ts';
import { type Problem, probeCommand, probeHttp, probeTcp } from './probe.ts';
import { PROBE_ENV } from './stray-probes.ts';

export interface ProberOptions {
  readonly home: string;
  readonly machine: Machine;
  linkOf(instance: Instance): Link | undefined;
  /** Some instance of the app listens on this port. */
  listensOn(app: string, port: number): boolean;
}

type PortProbe = Extract<Probe, { kind: 'http' | 'tcp' }>;

const NOT_YET = 'it does not listen yet';

export class Prober {
  readonly #options: ProberOptions;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  async ask(instance: Instance, probe: Probe, timeoutMs: number): Promise<Problem> {
    if (probe.kind === 'command') return this.#askCommand(instance, probe.args, timeoutMs);
    const { lease } = instance.running?.record ?? {};
    const own = slotPort(instance.plan, instance.slot);
    const isOwn =
      probe.port === null || probe.port === own || this.#options.listensOn(instance.plan.name, probe.port);
    if (lease?.guest && isOwn) return this.#askGuest(instance, probe, timeoutMs);
    const port = probe.port ?? lease?.port ?? own;
    if (port === null) return NOT_YET;
    if (probe.kind === 'tcp') return probeTcp(port, timeoutMs);
    return probeHttp({ kind: 'port', port, tls: false }, probe.path, timeoutMs);
  }

  /**
   * Over a socket of its own: its port may be shared with its siblings, which would answer for it, and is held open by us, so that a
   * connection always succeeds.
   */
  async #askGuest(instance: Instance, probe: PortProbe, timeoutMs: number): Promise<Problem> {
    const link = this.#options.linkOf(instance);
    if (probe.kind === 'http') {
      const { path, tls } = link?.probe ?? { path: '', tls: false };
      return isSocket(path) ? probeHttp({ kind: 'socket', path, tls }, probe.path, timeoutMs) : NOT_YET;
    }
    const { port } = probe;
    const listens = link?.listening.some((one) => one.port > 0 && (port === null || one.port === port));
    return listens ? null : NOT_YET;
  }

  /** With the environment, the directory and the user of the app. */
  async #askCommand(instance: Instance, args: readonly string[], timeoutMs: number): Promise<Problem> {
    const { plan, slot } = instance;
    const [file = '', ...rest] = args;
    const { machine } = this.#options;
    try {
      const spec = launchSpec({
        plan: { ...plan, command: { file, args: rest, node: false, nodeArgs: [] } },
        machine,
        secrets: readSecrets(plan.secrets, identityOf(plan.rights, machine)),
        port: instance.running?.record.lease.port ?? slotPort(plan, slot),
        names: {
          HOLDFAST_APP: plan.name,
          HOLDFAST_INSTANCE: String(slot),
          NODE_APP_INSTANCE: String(slot),
          [PROBE_ENV]: this.#options.home,
        },
        preload: null,
        preloadPaths: { read: [], write: [] },
        realCwd: realpathSync(plan.cwd),
        cgroup: null,
      });
      return await probeCommand(spec, args.join(' '), timeoutMs);
    } catch (error) {
      return `\`${args.join(' ')}\`: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}

/** In a directory of another user it may be a link to somebody else's. */
function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}
