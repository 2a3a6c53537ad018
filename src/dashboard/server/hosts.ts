/**
 * Who may be meant by a Host field. A page of somebody else can lead its own name to this machine (DNS rebinding), and the browser
 * then takes us for a part of that page: so a request must name what we are served as. Pure.
 */
import type { DashboardMount } from '../../protocol/dashboard-settings.ts';

/** The name of a Host field, in lower case, without port and the dot at its end; null when it is none (RFC 9110, 7.2). */
export function hostName(field: string | undefined): string | null {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_-][a-z0-9._-]{0,252})(?::\d{1,5})?$/i.exec(field ?? '');
  const name = match?.[1]?.toLowerCase().replace(/\.$/, '');
  return name === undefined || name === '' || name.endsWith('.') ? null : name;
}

const ownNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Of what comes to the address on this machine; any port, because a tunnel may end at another one. */
export function isOwnName(name: string | null, listen: readonly { readonly host: string }[]): boolean {
  if (name === null) return false;
  return ownNames.has(name) || listen.some(({ host }) => name === (host.includes(':') ? `[${host}]` : host));
}

/** The mount that a request through the edge is for: the nearest of its host, the longest of its path. */
export function mountOf(
  name: string | null,
  path: string,
  mounts: readonly DashboardMount[],
): DashboardMount | null {
  if (name === null) return null;
  const fitting = mounts.filter(({ host, prefix }) => covers(host, name) && isBelow(path, prefix));
  const rank = ({ host, prefix }: DashboardMount) => rankOf(host) * 100_000 + prefix.length;
  return fitting.sort((a, b) => rank(b) - rank(a))[0] ?? null;
}

function covers(host: string, name: string): boolean {
  if (host === '*' || host === name) return true;
  return host.startsWith('*.') && name.endsWith(host.slice(1)) && name.length > host.length - 1;
}

function rankOf(host: string): number {
  if (host === '*') return 0;
  return host.startsWith('*.') ? host.length : 1000;
}

export function isBelow(path: string, prefix: string): boolean {
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`);
}

/**
 * A request that changes something comes from our own page. Browsers send `Origin` with each of them, and those of today say by
 * themselves where it came from; who is no browser has no cookies that others could use.
 */
export function isOwnOrigin(
  origin: string | undefined,
  site: string | undefined,
  host: string | undefined,
): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin === undefined) return site !== undefined;
  const match = /^https?:\/\/(.+)$/.exec(origin);
  return match?.[1] !== undefined && match[1].toLowerCase() === host?.toLowerCase();
}
