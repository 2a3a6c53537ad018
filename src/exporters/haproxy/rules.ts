/** Names for what the file defines, and the tables that its rules count in. */
import type { ExportOptions } from '../exported.ts';
import type { Section } from './words.ts';

export class Rules {
  readonly options: ExportOptions;
  /** First part of the names of sections. */
  readonly name: string;
  readonly #tables: Section[] = [];
  readonly #names = new Set<string>();

  constructor(options: ExportOptions) {
    this.options = options;
    this.name = options.name.replaceAll('-', '_');
  }

  /** A section for a table alone. Returns its name, such as `holdfast_rate_2`. */
  table(what: string, lines: readonly string[]): string {
    const name = this.unique(what);
    this.#tables.push({ head: `backend ${name} from ${this.name}`, lines });
    return name;
  }

  /** A name that nothing else in the file has. */
  unique(what: string): string {
    const base = `${this.name}_${what}`;
    let name = base;
    for (let count = 2; this.#names.has(name); count++) name = `${base}_${count}`;
    this.#names.add(name);
    return name;
  }

  get tables(): readonly Section[] {
    return this.#tables;
  }
}
