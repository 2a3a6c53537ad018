/** What a server of nginx says besides its locations. */

import type { FrontNotes } from './front-notes.ts';
import { type DraftSite, type Pools, sizeText } from './front-site.ts';
import type { FrontDirective } from './front-tree.ts';
import { durationText } from './imported.ts';

/** Servers of `upstream` blocks, as addresses without a scheme; those that are `down` do not count. */
export function poolsOf(http: readonly FrontDirective[]): Pools {
  return new Map(
    http
      .filter(({ name }) => name === 'upstream')
      .map(({ args, body }) => {
        const servers = (body ?? []).filter((one) => one.name === 'server' && !one.args.includes('down'));
        const first = servers.filter((one) => !one.args.includes('backup'));
        return [args[0] ?? '', (first.length > 0 ? first : servers).map((one) => one.args[0] ?? '')];
      }),
  );
}

/** How nginx itself works, or what Holdfast does anyway. */
const OWN_MATTER =
  /^(?:listen|include|server_name|root|index|location|access_log|error_log|server_tokens|log_not_found|charset|sendfile|tcp_no.*|types_.*|keepalive_.*|client_(?:header|body)_.*|large_client_header_buffers|send_timeout|http2.*|ssl_(?:protocols|ciphers|prefer_server_ciphers|session_.*|ecdh_curve|dhparam|stapling.*|trusted_certificate|buffer_size)|gzip_.*|set_real_ip_from|real_ip_.*|proxy_(?:cache.*|http_version|buffer.*|busy_.*|request_buffering|connect_timeout|read_timeout|send_timeout|cache_bypass|no_cache|redirect|next_upstream.*|temp_.*|max_temp.*|headers_hash.*|ssl_.*|pass_header)|recursive_error_pages|limit_conn.*|resolver.*|expires|etag|add_header|return|if|ssl|autoindex|disable_symlinks|internal|tcp_nodelay)$/;

/** What the edge tells apps anyway. */
const OWN_FIELDS =
  /^(?:host|upgrade|connection|x-forwarded-.*|x-real-ip|forwarded|x-request-id|proxy|http2-settings|x-nginx-proxy|x-holdfast-client|accept-encoding)$/i;

export function fillServer(
  draft: DraftSite,
  server: FrontDirective,
  http: readonly FrontDirective[],
  notes: FrontNotes,
): void {
  const body = server.body ?? [];
  const one = (name: string) => [...http, ...body].filter((line) => line.name === name).at(-1);
  const size = sizeText(one('client_max_body_size')?.args[0] ?? '');
  const cert = body.find(({ name }) => name === 'ssl_certificate')?.args[0];
  const key = body.find(({ name }) => name === 'ssl_certificate_key')?.args[0];
  const ca = body.find(({ name }) => name === 'ssl_client_certificate')?.args[0];
  const verify = body.find(({ name }) => name === 'ssl_verify_client')?.args[0] ?? 'off';
  const clients = ca !== undefined && verify !== 'off' ? { clients: { ca, require: verify === 'on' } } : {};
  draft.settings = {
    ...(cert !== undefined && key !== undefined && { tls: { cert, key, ...clients } }),
    ...(size !== undefined && { limits: { body: size } }),
    ...(one('gzip')?.args[0] === 'on' && { compress: true }),
    ...access(body, notes),
  };
  if (cert?.startsWith('/etc/letsencrypt/'))
    notes.say(
      `${draft.host}: with tls: 'auto' the certificate comes by itself, and certbot is not needed for it`,
    );
  headers(draft, body, notes);
  for (const line of body) tellSetting(line, notes);
}

/** For a server or a location. */
export function tellSetting(line: FrontDirective, notes: FrontNotes): void {
  const { name, args } = line;
  if (name === 'auth_basic' && args[0] !== 'off')
    notes.add(line, 'the site asks for a password: say it as `auth`, with what `hold hash-password` prints');
  else if (name === 'limit_req')
    notes.add(
      line,
      "the site limits how often clients may come: say it as `limits: { rate: '10/s per ip' }`",
    );
  else if (name === 'proxy_cache' && args[0] !== 'off')
    notes.add(line, 'nginx kept answers: say it as `cache: true`');
  else if (name === 'error_page' && args.at(-1)?.startsWith('/'))
    notes.add(
      line,
      'it has pages of its own for errors: say them as `errorPages`, with the paths of the files',
    );
  else if (name === 'proxy_set_header') {
    if (!OWN_FIELDS.test(args[0] ?? ''))
      notes.add(line, `the app was told "${args[0]}: ${args[1] ?? ''}", which Holdfast does not say`);
  } else if (!isKnown(name)) notes.add(line, `"${name}" is left out`);
}

function isKnown(name: string): boolean {
  const taken =
    /^(?:ssl_certificate.*|ssl_client_certificate|ssl_verify_.*|client_max_body_size|gzip|allow|deny|proxy_hide_header|proxy_pass|try_files|alias|error_page|auth_basic.*|limit_req.*)$/;
  return taken.test(name) || OWN_MATTER.test(name);
}

/** nginx takes the first that matches; the usual forms are lists of those who may, or of those who may not. */
function access(body: readonly FrontDirective[], notes: FrontNotes): { allow?: string[]; deny?: string[] } {
  const lines = body.filter(({ name }) => name === 'allow' || name === 'deny');
  const [first] = lines;
  if (!first) return {};
  const of = (name: string) => lines.filter((line) => line.name === name).flatMap(({ args }) => args);
  const [allow, deny] = [
    of('allow').filter((peer) => peer !== 'all'),
    of('deny').filter((peer) => peer !== 'all'),
  ];
  if ([...allow, ...deny].some((peer) => !/^[\d.:/a-f]+$/i.test(peer))) {
    notes.add(first, 'who may enter is left out: say it as `allow` and `deny`');
    return {};
  }
  if (allow.length > 0 && deny.length > 0)
    notes.add(first, 'of nginx the first line that matches counts; here `deny` counts before `allow`');
  return { ...(allow.length > 0 && { allow }), ...(deny.length > 0 && { deny }) };
}

function headers(draft: DraftSite, body: readonly FrontDirective[], notes: FrontNotes): void {
  for (const line of body) {
    const [name = '', value = ''] = line.args;
    if (line.name === 'proxy_hide_header') draft.headers.set(name, draft.headers.get(name) ?? false);
    if (line.name !== 'add_header') continue;
    const seconds = /^max-age=(\d+)/.exec(value)?.[1];
    if (name.toLowerCase() === 'strict-transport-security' && seconds !== undefined)
      draft.settings = { ...draft.settings, hsts: durationText(Number(seconds) * 1000) };
    else if (value.includes('$') || name.toLowerCase() === 'set-cookie')
      notes.add(line, `the header "${name}" is left out: it holds a variable`);
    else if (value !== '') draft.headers.set(name, value);
  }
}
