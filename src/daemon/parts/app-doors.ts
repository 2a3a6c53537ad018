/** Which doors an app has, and which of the sockets that it opens become doors. */
import { type Address, type Door, type Doors, mayHold, type OfferedHandle, sameAddress } from '../doors.ts';
import type { Journal } from '../journal.ts';
import type { Operations } from '../operations.ts';
import { portsOf } from '../ports.ts';
import { siblingOf } from '../releases/standing.ts';
import type { DesiredState } from '../state.ts';

export interface AppDoorsOptions {
  readonly operations: Pick<Operations, 'reopenDoors' | 'addressesOf' | 'learn'>;
  readonly doors: Pick<Doors, 'find' | 'hold'>;
  readonly journal: Pick<Journal, 'record'>;
  state(): DesiredState;
}

export class AppDoors {
  readonly #options: AppDoorsOptions;

  constructor(options: AppDoorsOptions) {
    this.#options = options;
  }

  /** Those that its processes are given. */
  of(app: string): Door[] {
    this.#options.operations.reopenDoors(app);
    const addresses = [...this.#options.operations.addressesOf(app), ...this.#besidePorts(app)];
    return addresses.flatMap((address) => this.#options.doors.find(address) ?? []);
  }

  /**
   * While two releases of an app run side by side, neither gets what comes for the other: but ports that it opens besides would be
   * taken, so they share those.
   */
  #besidePorts(app: string): Address[] {
    const { apps } = this.#options.state();
    const [own, other] = [apps[app], apps[siblingOf(app)]];
    if (!own || !other) return [];
    const named = [own, other].flatMap(({ plan }) => portsOf(plan));
    const mine = this.#options.operations.addressesOf(app);
    return other.learned.filter(
      (one) => !named.includes(one.port) && !mine.some((known) => sameAddress(known, one)),
    );
  }

  /** An app listens somewhere and offers a copy of the socket. */
  take(app: string, address: Address, handle: OfferedHandle): void {
    if (!mayHold(address, handle, this.#options.operations.addressesOf(app).length)) {
      handle.close();
      return;
    }
    this.#options.doors.hold(address, handle);
    this.#options.journal.record('port.held', { app, data: { ...address } });
    this.#options.operations.learn(app, address);
  }
}
