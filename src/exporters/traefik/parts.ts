/** The parts of Traefik's dynamic configuration, by their names. */
import type { ExportOptions } from '../exported.ts';
import type { Yaml } from '../yaml.ts';

type Fields = { readonly [key: string]: Yaml | undefined };

export class Parts {
  readonly options: ExportOptions;
  readonly routers: Record<string, Fields> = {};
  readonly services: Record<string, Fields> = {};
  readonly middlewares: Record<string, Fields> = {};
  readonly transports: Record<string, Fields> = {};
  readonly tlsOptions: Record<string, Fields> = {};

  constructor(options: ExportOptions) {
    this.options = options;
  }

  /** Adds it unless the same is there. Returns its name, such as `holdfast-rate-2`. */
  put(
    kind: 'routers' | 'services' | 'middlewares' | 'transports' | 'tlsOptions',
    what: string,
    fields: Fields,
  ): string {
    const base = `${this.options.name}-${what}`;
    const all = this[kind];
    const text = JSON.stringify(fields);
    let name = base;
    for (let count = 2; Object.hasOwn(all, name) && JSON.stringify(all[name]) !== text; count++) {
      name = `${base}-${count}`;
    }
    all[name] = fields;
    return name;
  }
}

export function named(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** A regular expression that matches this text only; in a replacement `$` is written twice instead. */
export function exactly(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

export function time(ms: number): string {
  return `${ms}ms`;
}
