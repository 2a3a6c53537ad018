/** Gates and folders of all sites. Those whose settings stay the same stay from one table to the next, with what they remember. */
import type { EdgeSite } from '../../protocol/edge-table.ts';
import { Folder } from '../files/folder.ts';
import { Gate } from './gate.ts';

export interface GatesOfTable {
  /** Undefined: the site needs none. */
  gateOf(host: string): Gate | undefined;
  folderOf(host: string, prefix: string): Folder | undefined;
}

/** Things by name, made anew only when what they are made from is another. */
class Kept<T> {
  #things = new Map<string, { readonly from: string; readonly thing: T }>();

  follow(wanted: readonly (readonly [name: string, from: string, make: () => T])[]): void {
    const next = wanted.map(([name, from, make]) => {
      const before = this.#things.get(name);
      return [name, before?.from === from ? before : { from, thing: make() }] as const;
    });
    this.#things = new Map(next);
  }

  get(name: string): T | undefined {
    return this.#things.get(name)?.thing;
  }
}

export class Gates {
  readonly #now: () => number;
  readonly #gates = new Kept<Gate>();
  readonly #folders = new Kept<Folder>();

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  for(sites: readonly EdgeSite[]): GatesOfTable {
    this.#gates.follow(
      sites.flatMap(({ host, content }) =>
        content ? [[host, JSON.stringify(content), () => new Gate(content, this.#now)] as const] : [],
      ),
    );
    const folders = sites.flatMap(({ host, routes }) =>
      routes.flatMap((route) => ('files' in route ? [{ ...route, host }] : [])),
    );
    this.#folders.follow(
      folders.map(({ host, prefix, files }) => [
        host + prefix,
        JSON.stringify(files),
        () => new Folder(prefix, files, this.#now),
      ]),
    );
    return {
      gateOf: (host) => this.#gates.get(host),
      folderOf: (host, prefix) => this.#folders.get(host + prefix),
    };
  }
}
