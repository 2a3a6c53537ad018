/** What the vault does with a key: values are encrypted, each for one place only, and lists are signed. Pure but for its randomness. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

export interface Key {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

export const KEY_BYTES = 32;
/** NIST SP 800-38D: 96 bits is what GCM is made for. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function newKey(): Key {
  return { id: randomBytes(6).toString('hex'), secret: randomBytes(KEY_BYTES) };
}

/** Nonce, authentication tag and encrypted text, in base64. @param label where it belongs: with another one it cannot be opened */
export function encrypt({ secret }: Key, label: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(label));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
}

/** Null: it was changed, belongs to another label, or was made with another key. */
export function decrypt({ secret }: Key, label: string, sealed: string): string | null {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', secret, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(label)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const body = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([body, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

/** Of a list as a whole, so that an entry that is taken out is missed. */
export function sign({ secret }: Key, text: string): string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'holdfast variables list', KEY_BYTES));
  return createHmac('sha256', key).update(text).digest('base64');
}

export function isSignedBy(key: Key, text: string, signature: string): boolean {
  const [given, right] = [Buffer.from(signature, 'base64'), Buffer.from(sign(key, text), 'base64')];
  return given.length === right.length && timingSafeEqual(given, right);
}
