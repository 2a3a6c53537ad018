/** Opens and closes the doors that apps need: what desired state says of ports, made true. */
import type { AppPlan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import { FRONT_NAME } from '../protocol/api.ts';
import type { Instance } from '../supervisor/instance.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { type Address, type Doors, describeAddress, sameAddress } from './doors.ts';
import { routedApps } from './edge-table.ts';
import { isOwn } from './egress-app.ts';
import type { Journal } from './journal.ts';
import { portOwner } from './port-owner.ts';
import { addressesOf, collide, hasGuest, portsOf, refuseShared } from './ports.ts';
import type { DesiredState, StoredApp } from './state.ts';

export interface PortKeeperOptions {
  readonly doors: Doors;
  readonly journal: Journal;
  readonly supervisor: Supervisor;
  state(): DesiredState;
}

export class PortKeeper {
  readonly #options: PortKeeperOptions;

  constructor(options: PortKeeperOptions) {
    this.#options = options;
  }

  get #state(): DesiredState {
    return this.#options.state();
  }

  /** The addresses that the instances of an app inherit as open sockets. */
  addressesOf(name: string): readonly Address[] {
    const stored = this.#state.apps[name];
    return stored ? addressesOf(stored, this.#state) : [];
  }

  /** All or nothing: when one cannot be opened, those opened just now are closed again. */
  open(apps: readonly StoredApp[], state: DesiredState = this.#state): void {
    const opened: Address[] = [];
    for (const app of apps) refuseShared(app, state);
    for (const { plan } of apps) if (!hasGuest(plan) && !isOwn(plan.name)) this.#checkFree(plan);
    try {
      for (const address of apps.flatMap((app) => addressesOf(app, state))) {
        if (this.#options.doors.find(address)) continue;
        this.#open(address);
        opened.push(address);
        this.#options.journal.record('port.held', { data: { ...address } });
      }
    } catch (error) {
      for (const address of opened) this.#options.doors.close(address);
      throw error;
    }
  }

  /** Who has the port may be one of ours: daemon and holder were killed together, and left it with the only copy. */
  #open(address: Address): void {
    const { doors, supervisor } = this.#options;
    try {
      doors.open(address);
    } catch (error) {
      const owner = isTaken(error) ? portOwner(address.port) : undefined;
      const isOwner = ({ running }: Instance) => owner !== undefined && running?.record.pid === owner.pid;
      const app = supervisor.apps.find(({ current }) => current.some(isOwner));
      if (!app) throw error;
      throw new HoldfastError(
        'PORT_TAKEN',
        `Cannot hold port ${describeAddress(address)}: only ${app.name} itself (pid ${owner?.pid}) has it since Holdfast was killed`,
        {
          hint: `Run \`hold restart ${app.name}\`, which gives the port back with a short gap, and then this command again`,
          cause: error,
        },
      );
    }
  }

  /** Opens what is missing of the ports of an app, as far as that is possible. */
  reopen(name: string): void {
    for (const address of this.addressesOf(name)) {
      if (this.#options.doors.find(address)) continue;
      try {
        this.#options.doors.open(address);
      } catch (error) {
        // Its instances may have it still; a new one will say what it cannot do.
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.journal.record('port.unheld', { app: name, reason, data: { ...address } });
      }
    }
  }

  /** Closes the doors that no app wants any more. */
  closeUnwanted(): void {
    const wanted = this.#wanted(this.#state);
    for (const door of this.#options.doors.all) {
      if (wanted.some((address) => sameAddress(address, door))) continue;
      this.#options.doors.close(door);
      this.#options.journal.record('port.released', { data: { host: door.host, port: door.port } });
    }
  }

  /** Apps whose present doors are in the way of what `next` needs: of one port, but of another address. */
  inTheWayOf(next: DesiredState): readonly string[] {
    const wanted = this.#wanted(next);
    const fresh = wanted.filter((address) => !this.#options.doors.find(address));
    return Object.values(this.#state.apps)
      .filter(({ stopped }) => !stopped)
      .filter((app) =>
        addressesOf(app, this.#state).some(
          (old) =>
            !wanted.some((address) => sameAddress(address, old)) &&
            fresh.some((address) => collide(old, address)),
        ),
      )
      .map(({ plan }) => plan.name);
  }

  /**
   * Two of it can run at once: they share held ports, or have none that is their own. A port that an app listens on is
   * not held when daemon and holder were killed together; then the old one must end before the new one can have it.
   */
  canOverlap(stored: StoredApp): boolean {
    const { plan } = stored;
    // The server itself opens its ports.
    if (plan.name === FRONT_NAME) return false;
    if (hasGuest(plan) || isOwn(plan.name)) return this.unheld(stored) === null;
    return plan.port === null || routedApps(this.#state).has(plan.name);
  }

  /** An address that instances of this app share, and that Holdfast has no copy of. */
  unheld(stored: StoredApp): Address | null {
    return addressesOf(stored, this.#state).find((address) => !this.#options.doors.find(address)) ?? null;
  }

  #wanted(state: DesiredState): readonly Address[] {
    return Object.values(state.apps)
      .filter(({ stopped }) => !stopped)
      .flatMap((app) => addressesOf(app, state));
  }

  /** A program that opens its port itself should find it free, or the command can say at once that it is not. */
  #checkFree(plan: AppPlan): void {
    const { name } = plan;
    const runs = (this.#options.supervisor.app(name)?.instances.length ?? 0) > 0;
    if (runs || routedApps(this.#state).has(name)) return;
    for (const port of portsOf(plan)) {
      const address = { host: null, port };
      if (this.#options.doors.find(address)) {
        throw new HoldfastError(
          'PORT_TAKEN',
          `Cannot start "${name}": another app of Holdfast has port ${describeAddress(address)}`,
        );
      }
      this.#options.doors.open(address);
      this.#options.doors.close(address);
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'PORT_TAKEN';
}
