/** The session's cookie (RFC 6265bis). */

export interface CookiePlace {
  /** The path that the dashboard is mounted at: `/`, `/ops`. */
  readonly prefix: string;
  readonly https: boolean;
  /** Of the address on this machine: cookies are not kept apart by ports, so several dashboards have several names. */
  readonly port: number | null;
}

export function cookieName({ prefix, https, port }: CookiePlace): string {
  const name = port === null ? 'holdfast' : `holdfast-${port}`;
  if (!https) return name;
  return prefix === '/' ? `__Host-${name}` : `__Secure-${name}`;
}

/** @param maxAgeS 0: it is removed */
export function sessionCookie(place: CookiePlace, value: string, maxAgeS: number): string {
  const secure = place.https ? '; Secure' : '';
  return `${cookieName(place)}=${value}; Path=${place.prefix}; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
}

/** The values of this name, as a browser may send several: of this path, and of one above it. */
export function readCookies(field: string | undefined, name: string): readonly string[] {
  return (field ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
}
