/** The directives of a Cache-Control field (RFC 9111 section 5.2), of requests and of answers. Pure. */

export interface Directives {
  readonly noStore: boolean;
  /** `true`: the whole answer; else only these fields, in lower case. */
  readonly noCache: boolean | readonly string[];
  readonly private: boolean | readonly string[];
  readonly public: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly onlyIfCached: boolean;
  /** Seconds; undefined: not said. What is no number of seconds counts as 0, and of several the least. */
  readonly maxAge: number | undefined;
  readonly sMaxAge: number | undefined;
  readonly minFresh: number | undefined;
  /** Infinity: however stale. */
  readonly maxStale: number | undefined;
  /** RFC 5861. */
  readonly staleWhileRevalidate: number | undefined;
  readonly staleIfError: number | undefined;
}

/** Older than that nothing gets (RFC 9111 section 1.2.2). */
const LONGEST = 2 ** 31;

const ITEM = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s",]*)))?$/;

/** @param field all lines of it, as one list; undefined: there is none */
export function parseDirectives(field: string | undefined): Directives {
  const said = new Map<string, readonly (string | undefined)[]>();
  for (const item of splitList(field ?? '')) {
    const [whole, name = '', quoted, plain] = ITEM.exec(item) ?? [];
    if (whole === undefined) continue;
    const key = name.toLowerCase();
    said.set(key, [...(said.get(key) ?? []), quoted?.replace(/\\(.)/g, '$1') ?? plain]);
  }
  const seconds = (name: string) => {
    const values = said.get(name);
    return values && Math.min(...values.map(secondsOf));
  };
  return {
    noStore: said.has('no-store'),
    noCache: names(said.get('no-cache')),
    private: names(said.get('private')),
    public: said.has('public'),
    mustRevalidate: said.has('must-revalidate'),
    proxyRevalidate: said.has('proxy-revalidate'),
    onlyIfCached: said.has('only-if-cached'),
    maxAge: seconds('max-age'),
    sMaxAge: seconds('s-maxage'),
    minFresh: seconds('min-fresh'),
    maxStale: said.get('max-stale')?.every((value) => value === undefined) ? Infinity : seconds('max-stale'),
    staleWhileRevalidate: seconds('stale-while-revalidate'),
    staleIfError: seconds('stale-if-error'),
  };
}

/** The items of a list; a comma in quotes is part of its item. */
export function splitList(list: string): readonly string[] {
  const items = list.match(/(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|$))+/g) ?? [];
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

/** Delta seconds (RFC 9111 section 1.2.2), from digits or another field's value; what is none is 0: stale at once. */
export function secondsOf(value: string | undefined): number {
  return value !== undefined && /^[0-9]+$/.test(value) ? Math.min(Number(value), LONGEST) : 0;
}

function names(values: readonly (string | undefined)[] | undefined): boolean | readonly string[] {
  if (!values) return false;
  const listed = values.map((value) =>
    (value ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  const given = listed.map((list) => list.filter((name) => name !== ''));
  return given.some((list) => list.length === 0) || given.flat();
}
