/** What stands at the top of the file, in the context `http`: maps, zones, pools of servers. Each once, with a name of its own. */
import type { ExportOptions } from '../exported.ts';
import { block, type Directive } from './blocks.ts';

export class Http {
  readonly options: ExportOptions;
  readonly #parts = new Map<string, { readonly name: string; readonly directives: readonly Directive[] }>();
  readonly #counts = new Map<string, number>();

  constructor(options: ExportOptions) {
    this.options = options;
  }

  /** Puts directives there, unless the same are there already. Returns their name, such as `holdfast_rate_2`. */
  put(what: string, make: (name: string) => readonly Directive[]): string {
    const key = JSON.stringify([what, make('')]);
    const known = this.#parts.get(key);
    if (known) return known.name;
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    const base = `${this.options.name.replaceAll('-', '_')}_${what}`;
    const name = count === 1 ? base : `${base}_${count}`;
    this.#parts.set(key, { name, directives: make(name) });
    return name;
  }

  /** A variable whose value follows from another text. Returns it with its `$`. */
  map(what: string, from: string, comment: string, ...lines: readonly string[]): string {
    return `$${this.put(what, (name) => [`# ${comment}`, block(`map ${from} $${name}`, ...lines)])}`;
  }

  get directives(): readonly Directive[] {
    return [...this.#parts.values()].flatMap(({ directives }) => [...directives, '']);
  }
}
