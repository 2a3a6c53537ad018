/** Byte classes of RFC 9110 and RFC 3986 as tables: 1 where the byte belongs to the class. */
function bytes(belongs: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (belongs(code) ? 1 : 0));
}

function oneOf(characters: string): (code: number) => boolean {
  return (code) => characters.includes(String.fromCharCode(code));
}

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `tchar`, RFC 9110 section 5.6.2: what methods and field names are made of. */
export const TOKEN = bytes(oneOf(`!#$%&'*+-.^_\`|~${ALPHANUMERIC}`));

export const UNDERSCORE = 95;

/** HTAB, SP, VCHAR and obs-text, RFC 9110 section 5.5: what field values are made of. */
export const VALUE = bytes((code) => code === 9 || (code >= 32 && code !== 127));

/**
 * What a path may hold unescaped: `pchar` and `/` of RFC 3986, and `[ ] | ^`, which browsers send as they are. `%` is
 * here too, its digits are checked apart.
 */
export const PATH = bytes(oneOf(`/%-._~!$&'()*+,;=:@[]|^${ALPHANUMERIC}`));

/** What a query may hold: every visible ASCII byte but `#`, because browsers leave `{}|^"` and the like as they are. */
export const QUERY = bytes((code) => code > 32 && code < 127 && code !== 35);

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const COLON = 58;
