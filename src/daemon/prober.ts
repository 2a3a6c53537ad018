/** Where and how a running instance is asked, for readiness and for health. */
import { lstatSync, realpathSync } from 'node:fs';
import type { Probe } from '../config/plan.ts';
import type { Machine } from '../launch/machine.ts';
import { readSecrets } from '../launch/secrets.ts';
import { slotPort } from '../launch/slot-port.ts';
import { launchSpec } from '../launch/spec.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { Link } from './links.ts';
import { type Place, type Problem, probeCommand, probeHttp, probeTcp } from './probe.ts';

export interface ProberOptions {
  readonly machine: Machine;
  linkOf(instance: Instance): Link | undefined;
}

export class Prober {
  readonly #options: ProberOptions;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  async ask(instance: Instance, probe: Probe, timeoutMs: number): Promise<Problem> {
    if (probe.kind === 'command') return this.#askCommand(instance, probe.args, timeoutMs);
    const place = this.#placeOf(instance, probe);
    if (!place) return 'it does not listen yet';
    if (probe.kind === 'http') return probeHttp(place, probe.path, timeoutMs);
    return place.kind === 'port' ? probeTcp(place.port, timeoutMs) : null;
  }

  /** Its own socket, where there is one: the port may be shared with its siblings, which would answer for it. */
  #placeOf(instance: Instance, { kind, port }: Extract<Probe, { kind: 'http' | 'tcp' }>): Place | null {
    const link = this.#options.linkOf(instance);
    if (kind === 'http' && link?.probe && isSocket(link.probe.path)) return { kind: 'socket', ...link.probe };
    const listening = link?.listening.find((one) => one.port > 0 && (port === null || one.port === port));
    const { lease } = instance.running?.record ?? {};
    const own = port ?? lease?.port ?? listening?.port ?? slotPort(instance.plan, instance.slot);
    if (own === null) return null;
    // Behind the edge a guest's server is on a unix socket, whatever port it believes to have.
    if (kind === 'tcp' && listening?.via === 'socket' && lease?.socket) {
      return { kind: 'socket', path: lease.socket, tls: false };
    }
    return { kind: 'port', port: own, tls: listening?.tls ?? false };
  }

  /** With the environment, the directory and the user of the app. */
  async #askCommand(instance: Instance, args: readonly string[], timeoutMs: number): Promise<Problem> {
    const { plan, slot } = instance;
    const [file = '', ...rest] = args;
    try {
      const spec = launchSpec({
        plan: { ...plan, command: { file, args: rest, node: false, nodeArgs: [] } },
        machine: this.#options.machine,
        secrets: readSecrets(plan.secrets),
        port: instance.running?.record.lease.port ?? slotPort(plan, slot),
        names: { HOLDFAST_APP: plan.name, HOLDFAST_INSTANCE: String(slot), NODE_APP_INSTANCE: String(slot) },
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
