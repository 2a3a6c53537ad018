/** A configuration of Apache, as the rules look at it. */
import type { FrontDirective, FrontTree } from './front-tree.ts';

/** A place that passes requests on. */
export interface Pass {
  readonly at: FrontDirective;
  readonly by: 'ProxyPass' | 'RewriteRule';
  /** A prefix, of RewriteRule a pattern. */
  readonly path: string;
  /** `http://127.0.0.1:3000/`, `balancer://app/`, or `!` for none. */
  readonly url: string;
  /** `timeout=60` and the like; names in small letters. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The RewriteCond before a RewriteRule. */
  readonly conditions: readonly FrontDirective[];
}

/** A virtual host with what it inherits, or what stands outside of all of them. */
export interface Host {
  /** null = outside. */
  readonly block: FrontDirective | null;
  readonly own: readonly FrontDirective[];
  /** What holds for all hosts. */
  readonly shared: readonly FrontDirective[];
  readonly passes: readonly Pass[];
}

export interface Balancer {
  readonly name: string;
  readonly block: FrontDirective;
  readonly members: readonly FrontDirective[];
  /** Of ProxySet, and of the ProxyPass that names it. */
  readonly parameters: ReadonlyMap<string, string>;
}

export interface ApacheSite {
  /** Those that pass requests on. */
  readonly hosts: readonly Host[];
  readonly allHosts: readonly Host[];
  readonly balancers: readonly Balancer[];
  readonly shared: readonly FrontDirective[];
  /** `proxy_http`; undefined when the file does not say which there are, since another one does. */
  readonly modules: ReadonlySet<string> | undefined;
  /** A file that was not found may say more. */
  readonly isPartial: boolean;
}

/** Their content counts as if they were not there. */
const OPEN = new Set(['ifmodule', 'ifdefine', 'ifversion', 'ifdirective', 'iffile', 'ifsection']);

export function apacheSite({ directives }: FrontTree): ApacheSite {
  const all = flat(directives);
  const hosts = all.filter(({ name }) => name === 'virtualhost');
  const shared = all.filter(({ name }) => name !== 'virtualhost');
  const loads = everywhere(directives, 'loadmodule');
  const outside: Host = { block: null, own: [], shared, passes: passesOf(shared) };
  const own = hosts.map((block): Host => {
    const inside = flat(block.body ?? []);
    return { block, own: inside, shared, passes: passesOf(inside) };
  });
  return {
    allHosts: [outside, ...own],
    hosts: [outside, ...own].filter(({ passes }) => passes.length > 0),
    balancers: [...all, ...hosts.flatMap(({ body }) => flat(body ?? []))].flatMap(balancerOf),
    shared,
    modules:
      loads.length > 0 ? new Set(loads.map(({ args }) => args[0]?.replace(/_module$/, '') ?? '')) : undefined,
    isPartial: everywhere(directives, 'include').length > 0,
  };
}

/** Values of the nearest level: of the host, else of all. */
export function said(host: Host, name: string): FrontDirective | undefined {
  const named = (directives: readonly FrontDirective[]) =>
    directives.filter((directive) => directive.name === name).at(-1);
  return named(host.own) ?? named(host.shared);
}

/** Those of a host and those for all, also within `<Location>` and the like. */
export function everything(host: Host, name: string): readonly FrontDirective[] {
  return everywhere([...host.shared, ...host.own], name);
}

function everywhere(directives: readonly FrontDirective[], name: string): FrontDirective[] {
  return directives.flatMap((directive) => [
    ...(directive.name === name ? [directive] : []),
    ...everywhere(directive.body ?? [], name),
  ]);
}

function flat(directives: readonly FrontDirective[]): FrontDirective[] {
  return directives.flatMap((directive) => {
    if (!directive.body || !OPEN.has(directive.name)) return [directive];
    return directive.args[0]?.startsWith('!') ? [] : flat(directive.body);
  });
}

function passesOf(directives: readonly FrontDirective[], place?: string): Pass[] {
  const passes: Pass[] = [];
  let conditions: FrontDirective[] = [];
  for (const at of directives) {
    const { name, args, body } = at;
    if (name === 'rewritecond') conditions.push(at);
    else if (name === 'rewriterule') {
      const [path = '', url = '', flags = ''] = args;
      if (/^\[(?:.*,)?\s*(?:P|proxy)\s*(?:,.*)?\]$/i.test(flags))
        passes.push({ at, by: 'RewriteRule', path, url, parameters: new Map(), conditions });
      conditions = [];
    } else if (name === 'proxypass' || name === 'proxypassmatch') {
      const [path = '', url = '', ...rest] = place === undefined ? args : [place, ...args];
      passes.push({ at, by: 'ProxyPass', path, url, parameters: parametersOf(rest), conditions: [] });
    } else if (body && (name === 'location' || name === 'locationmatch'))
      passes.push(...passesOf(flat(body), args.at(-1) ?? ''));
  }
  return passes;
}

export function parametersOf(words: readonly string[]): Map<string, string> {
  return new Map(
    words.map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? [word.toLowerCase(), ''] : [word.slice(0, at).toLowerCase(), word.slice(at + 1)];
    }),
  );
}

function balancerOf(block: FrontDirective): Balancer[] {
  const [name = ''] = block.args;
  if (block.name !== 'proxy' || !name.startsWith('balancer:')) return [];
  const body = flat(block.body ?? []);
  const sets = body.filter((directive) => directive.name === 'proxyset').flatMap(({ args }) => args);
  const members = body.filter((directive) => directive.name === 'balancermember');
  return [{ name: balancerName(name), block, members, parameters: parametersOf(sets) }];
}

/** `balancer://app/x` is `app`. */
export function balancerName(url: string): string {
  return url.replace(/^balancer:\/\//, '').replace(/[/$%].*$/s, '');
}

/** Seconds, or with a unit of mod_proxy; undefined when it is none. */
export function apacheTime(text: string): number | undefined {
  const [, amount, unit = 's'] = /^(\d+)(ms|s|mi|min|h)?$/.exec(text) ?? [];
  const size = { ms: 1, s: 1000, mi: 60_000, min: 60_000, h: 3_600_000 }[unit];
  return amount === undefined || size === undefined ? undefined : Number(amount) * size;
}
