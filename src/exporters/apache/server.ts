/** What is said once for the whole file, because several sites need it: pools of servers, and the modules that all of it takes. */
import type { ExportOptions } from '../exported.ts';
import { type Directive, section } from './blocks.ts';

/** Each with the directives that it has and we use. Debian has most of the first ones switched on. */
const ALWAYS = [
  'authz_core',
  'authz_host',
  'headers',
  'lbmethod_bybusyness',
  'lbmethod_byrequests',
  'proxy',
  'proxy_balancer',
  'proxy_http',
  'reqtimeout',
  'rewrite',
  'setenvif',
  'slotmem_shm',
];

export class Server {
  readonly options: ExportOptions;
  readonly #pools = new Map<string, { readonly key: string; readonly directives: readonly Directive[] }>();
  readonly #modules = new Set(ALWAYS);

  constructor(options: ExportOptions) {
    this.options = options;
  }

  needs(...modules: readonly string[]): void {
    for (const name of modules) this.#modules.add(name);
  }

  get modules(): readonly string[] {
    return [...this.#modules].sort();
  }

  /** Puts a pool there, unless the same is there already. Returns its name, such as `holdfast-web`. */
  pool(what: string, make: (name: string) => readonly Directive[]): string {
    const wanted = what
      .replace(/[^a-zA-Z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .toLowerCase();
    const key = JSON.stringify([what, make('')]);
    for (let count = 1; ; count++) {
      const name = `${this.options.name}-${wanted}${count === 1 ? '' : `-${count}`}`;
      const known = this.#pools.get(name);
      if (!known) this.#pools.set(name, { key, directives: make(name) });
      if (!known || known.key === key) return name;
    }
  }

  get directives(): readonly Directive[] {
    return [...this.#pools].flatMap(([name, { directives }]) => [
      section(`Proxy "balancer://${name}"`, ...directives),
      '',
    ]);
  }
}
