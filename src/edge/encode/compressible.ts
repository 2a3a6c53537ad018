/** Which content gets smaller by compression: text, however it is called. */
const names = new Set([
  'application/javascript',
  'application/x-javascript',
  'application/json',
  'application/xml',
  'application/wasm',
  'application/yaml',
  'application/graphql',
  'application/rtf',
  'application/vnd.ms-fontobject',
  'application/x-ndjson',
  'font/ttf',
  'font/otf',
  'image/bmp',
  'image/vnd.microsoft.icon',
  'image/x-icon',
]);

/** @param contentType with or without parameters. Event streams are not: each event is to arrive at once */
export function isCompressible(contentType: string): boolean {
  const name = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (name === 'text/event-stream') return false;
  return name.startsWith('text/') || /\+(?:json|xml|yaml)$/.test(name) || names.has(name);
}
