/** Names of variables in the environment of Caddy that people give values to. */
import { createHash } from 'node:crypto';
import { named } from './words.ts';

/** Where the hash of a password is. No two users of any two sites share one: who may enter one site may not enter the other. */
export function passwordVariable(host: string, user: string): string {
  const readable = `HOLDFAST_PASSWORD_${named(`${host} ${user}`).toUpperCase()}`;
  // With a dot for each `_` the host, and without one the user, can be told from the name.
  if (/^[a-z0-9.]+$/.test(host) && /^[a-z0-9]+$/.test(user)) return readable;
  const hash = createHash('sha256').update(`${host} ${user}`).digest('hex');
  return `${readable}_${hash.slice(0, 8).toUpperCase()}`;
}
