/** Passwords as they are kept: `scrypt:<N>:<r>:<p>:<salt>:<hash>` (RFC 7914), the last two in base64url. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** What one look costs: 16 MB of memory and some 150 ms, as OWASP advises. */
const COST = { N: 16_384, r: 8, p: 5 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Of hashes that others made: none may take more memory than this. */
const MEMORY_MAX = 128 * 1024 * 1024;

interface Kept {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { ...COST, salt, hash: Buffer.alloc(HASH_BYTES) });
  return `scrypt:${COST.N}:${COST.r}:${COST.p}:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

/** Takes the same time whether or not it is right; false also for what is no kept password. */
export async function isPassword(password: string, kept: string): Promise<boolean> {
  const parts = readKept(kept);
  return parts ? timingSafeEqual(await derive(password, parts), parts.hash) : false;
}

export function isKeptPassword(text: string): boolean {
  return readKept(text) !== undefined;
}

function readKept(text: string): Kept | undefined {
  const match = /^scrypt:(\d{1,8}):(\d{1,3}):(\d{1,3}):([\w-]{11,128}):([\w-]{22,128})$/.exec(text);
  if (!match) return undefined;
  const [N, r, p] = match.slice(1, 4).map(Number) as [number, number, number];
  const isPower = N > 1 && Number.isInteger(Math.log2(N));
  if (!isPower || r < 1 || p < 1 || p > 16 || 128 * N * r > MEMORY_MAX) return undefined;
  return {
    N,
    r,
    p,
    salt: Buffer.from(match[4] as string, 'base64url'),
    hash: Buffer.from(match[5] as string, 'base64url'),
  };
}

/** On a thread of its own. */
function derive(password: string, { N, r, p, salt, hash }: Kept): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // As typed on another keyboard, `é` may be two characters.
    scrypt(password.normalize('NFC'), salt, hash.length, { N, r, p, maxmem: 2 * MEMORY_MAX }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
