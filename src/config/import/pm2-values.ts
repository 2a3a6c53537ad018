/** Reads values as PM2 takes them: numbers may be text, lists may be one text, and what cannot be meant is a problem. */
import { show } from '../show.ts';

/** The settings of one app by PM2's main names. What is asked for is taken out; what is left was not understood. */
export class Pm2Values {
  readonly problems: string[] = [];
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values;
  }

  has(name: string): boolean {
    const value = this.#values.get(name);
    return value !== undefined && value !== null;
  }

  text(name: string): string | undefined {
    return this.#read(name, 'a text', (value) =>
      typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
    );
  }

  flag(name: string): boolean | undefined {
    return this.#read(name, 'true or false', (value) => {
      if (typeof value === 'boolean') return value;
      return value === 'true' ? true : value === 'false' ? false : undefined;
    });
  }

  /** A whole number; milliseconds may have the unit `ms`, `s`, `m` or `h`. */
  ms(name: string): number | undefined {
    return this.#read(name, 'a number of milliseconds', (value) => {
      const [, digits, unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(value)) ?? [];
      return digits === undefined ? undefined : Math.round(Number(digits) * (msOf[unit] ?? 1));
    });
  }

  number(name: string): number | undefined {
    return this.#read(name, 'a whole number', (value) =>
      /^-?\d{1,9}$/.test(String(value)) ? Number(value) : undefined,
    );
  }

  instances(): number | 'max' | undefined {
    return this.#read('instances', 'a number or "max"', (value) => {
      if (value === 'max' || String(value) === '0') return 'max';
      return /^-?\d{1,4}$/.test(String(value)) ? Number(value) : undefined;
    });
  }

  /** `100M`, `1G`, `512K`, or a number of bytes, as Holdfast writes sizes. */
  size(name: string): string | undefined {
    return this.#read(name, 'a size such as "200M"', (value) => {
      const [, digits, unit = ''] = /^(\d+)([KMG]?)B?$/i.exec(String(value)) ?? [];
      return digits === undefined || Number(digits) === 0 ? undefined : `${digits}${unit.toUpperCase()}B`;
    });
  }

  /** A list, or one text with commas or blanks between. */
  list(name: string): string[] | undefined {
    return this.#read(name, 'a list of texts', (value) => {
      if (Array.isArray(value)) return value.map(String);
      if (typeof value === 'number') return [String(value)];
      return typeof value === 'string' ? value.split(/[,\s]+/).filter(Boolean) : undefined;
    });
  }

  /** A list, or one text that is split into words; quotes keep words together. */
  words(name: string): string[] | undefined {
    return this.#read(name, 'a text or a list of texts', (value) => {
      if (Array.isArray(value)) return value.map(String);
      if (typeof value !== 'string' && typeof value !== 'number') return undefined;
      return [...String(value).matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
        word.replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
      );
    });
  }

  /** Environment variables: what is no text becomes one, as PM2 does it. */
  variables(name: string): Readonly<Record<string, string>> | undefined {
    return this.#read(name, 'an object with variables', (value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
      const pairs = Object.entries(value).filter(([, one]) => one !== undefined && one !== null);
      return Object.fromEntries(pairs.map(([key, one]) => [key, textOf(one)]));
    });
  }

  raw(name: string): unknown {
    return this.#values.get(name);
  }

  #read<T>(name: string, expected: string, read: (value: unknown) => T | undefined): T | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#values.get(name);
    const result = read(value);
    const problem = `${name} must be ${expected}: got ${show(value)}`;
    // Some settings are asked for more than once.
    if (result === undefined && !this.problems.includes(problem)) this.problems.push(problem);
    return result;
  }
}

const msOf: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
