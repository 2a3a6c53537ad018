/** Gives the slots of apps their ports for a server in front, and opens a door on each. */
import type { Doors } from '../doors.ts';
import type { DesiredState } from '../state.ts';
import { listenOn } from './claim.ts';
import { FRONT_HOST, withFrontPorts } from './ports.ts';

export class FrontPorts {
  readonly #doors: Pick<Doors, 'find' | 'open' | 'close'>;
  /** Ports of which only instances have the socket, since daemon and holder were killed together. */
  inherited: ReadonlySet<number> = new Set();

  constructor(doors: Pick<Doors, 'find' | 'open' | 'close'>) {
    this.#doors = doors;
  }

  /** The wish with a port for each slot that needs one; their doors are open then. */
  give(state: DesiredState): DesiredState {
    const taken = new Set<number>();
    for (;;) {
      const opened: number[] = [];
      const next = withFrontPorts(state, (port) => !taken.has(port) && this.#isOpen(port, opened));
      const fds = opened.map((port) => this.#doors.find(addressOf(port))?.fd ?? -1);
      const refused = listenOn(fds).flatMap((listens, index) => (listens ? [] : (opened[index] ?? [])));
      for (const port of refused) {
        this.#doors.close(addressOf(port));
        taken.add(port);
      }
      if (refused.length === 0) return next;
    }
  }

  #isOpen(port: number, opened: number[]): boolean {
    const address = addressOf(port);
    if (this.#doors.find(address) || this.inherited.has(port)) return true;
    try {
      this.#doors.open(address);
      opened.push(port);
      return true;
    } catch {
      return false;
    }
  }
}

function addressOf(port: number): { readonly host: string; readonly port: number } {
  return { host: FRONT_HOST, port };
}
