/** Header fields on their way through a proxy (RFC 9110 section 7.6.1). */

const HOP =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|expect|host|holdfast-.*)$/;

/** The fields that go on, as name, value, name, value; `host` is the target's, whatever the client wrote. */
export function requestFields(raw: readonly string[], host: string): string[] {
  return ['Host', host, ...endToEnd(raw)];
}

export function responseFields(raw: readonly string[]): string[] {
  return endToEnd(raw);
}

function endToEnd(raw: readonly string[]): string[] {
  const named = new Set<string>();
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== 'connection') continue;
    for (const token of (raw[i + 1] ?? '').split(',')) named.add(token.trim().toLowerCase());
  }
  // Who frames the message says so itself.
  named.delete('content-length');
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i], raw[i + 1]];
    const lower = name.toLowerCase();
    if (!HOP.test(lower) && !named.has(lower)) kept.push(name, value);
  }
  return kept;
}
