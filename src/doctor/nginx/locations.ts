/** Paths, times and buffers of locations, and what they lose of the levels above. */
import { type Finding, finding } from '../finding.ts';
import { lineOf } from './headers.ts';
import type { Scope } from './scope.ts';
import { type NginxSite, nginxTime, type Proxied, passesSockets } from './site.ts';

/** Engine.IO: pingInterval + pingTimeout. */
const SOCKET_IO_SILENCE_MS = 45_000;
const DEFAULT_MS = 60_000;

export function locationFindings(site: NginxSite): Finding[] {
  return [
    ...site.proxied.flatMap((proxied) => [
      ...slash(proxied),
      ...noSocket(site, proxied),
      ...silence(site, proxied),
      ...buffered(proxied),
    ]),
    ...site.scopes.flatMap((scope) => [...headersLost(scope), ...alias(scope)]),
  ];
}

function slash({ scope, pass, uri }: Proxied): Finding[] {
  const { path, match } = scope;
  if (uri === '' || uri.includes('$') || (match !== '' && match !== '^~')) return [];
  const line = (to: string) => lineOf({ ...pass, args: [to] });
  const whole = pass.args[0] ?? '';
  const base = whole.slice(0, whole.length - uri.length);
  if (/\/socket\.io/.test(path) && uri === '/') {
    const effect = `The app gets "/…" for "${path}…": Socket.IO finds nothing there, and answers 404`;
    return [finding('proxy-pass-slash', 'bad', pass, effect, line(base))];
  }
  if (path.endsWith('/') !== uri.endsWith('/')) {
    const rest = 'users';
    const sent = `${uri}${`${path.endsWith('/') ? path : `${path}/`}${rest}`.slice(path.length)}`;
    const effect = `One of the two has a slash at its end and the other has not: for "${path.replace(/\/$/, '')}/${rest}" the app gets "${sent}"`;
    const fixed = path.endsWith('/') ? `${whole}/` : whole.replace(/\/$/, '');
    return [
      finding(
        'proxy-pass-slash',
        'bad',
        pass,
        effect,
        fixed === base ? `${line(fixed)}  # the path as it came` : line(fixed),
      ),
    ];
  }
  if (path === uri) return [];
  const effect = `The app gets "${uri}…" for "${path}…", because there is a path after the host. Without it, it would get the path as it came`;
  return [finding('proxy-pass-path', 'note', pass, effect, `${line(base)}  # the path as it came`)];
}

const SOCKET_PATH = /\/(?:socket\\?\.io|engine\\?\.io|ws|wss|wsapp|websockets?|cable|signalr)\b/i;

function noSocket(site: NginxSite, proxied: Proxied): Finding[] {
  const { scope, pass } = proxied;
  if (!SOCKET_PATH.test(scope.path) || passesSockets(site, proxied) || scope.isPartial) return [];
  const effect =
    'Nothing passes "Upgrade" on, so WebSockets cannot be opened here; Socket.IO falls back to polling';
  return [
    finding(
      'no-upgrade',
      'bad',
      pass,
      effect,
      'map $http_upgrade $ws_upgrade { default ""; ~*^websocket$ websocket; }',
      'map $ws_upgrade $ws_connection { default upgrade; "" ""; }',
      'proxy_http_version 1.1;',
      'proxy_set_header Upgrade $ws_upgrade;',
      'proxy_set_header Connection $ws_connection;',
    ),
  ];
}

function silence(site: NginxSite, proxied: Proxied): Finding[] {
  const { scope, pass } = proxied;
  if (!passesSockets(site, proxied) || sendsElsewhere(scope)) return [];
  const said = scope.one('proxy_read_timeout');
  if (!said && scope.isPartial) return [];
  const ms = said ? nginxTime(said.args.join(' ')) : DEFAULT_MS;
  if (ms === undefined || ms > DEFAULT_MS) return [];
  const lines = ['proxy_read_timeout 1h;', 'proxy_send_timeout 1h;'];
  const how = said ? '' : ', the default';
  if (ms <= SOCKET_IO_SILENCE_MS) {
    const effect = `A WebSocket is cut when nothing is said for ${ms / 1000} s; Socket.IO alone is silent for up to 45 s`;
    return [finding('socket-timeout', 'bad', said ?? pass, effect, ...lines)];
  }
  const effect = `A WebSocket on which nothing is said for ${ms / 1000} s${how}, is cut`;
  return [
    finding('socket-timeout', 'warn', said ?? pass, effect.replace(', is', how ? ', is' : ' is'), ...lines),
  ];
}

/** `if ($something) { return 418; }` with `error_page 418 = @name`: sockets go to a location of their own. */
function sendsElsewhere(scope: Scope): boolean {
  const named = new Set(
    scope
      .all('error_page')
      .filter(({ args }) => args.at(-1)?.startsWith('@'))
      .flatMap(({ args }) => args.slice(0, -1)),
  );
  return scope
    .own('if')
    .some(({ body }) => body?.some(({ name, args }) => name === 'return' && named.has(args[0] ?? '')));
}

const STREAM_PATH = /\/(?:events?|sse|stream|streaming|eventsource|event-stream)(?:[/$)]|$)/i;

function buffered({ scope, pass }: Proxied): Finding[] {
  if (!STREAM_PATH.test(scope.path) || sendsElsewhere(scope)) return [];
  const said = scope.one('proxy_buffering');
  if (said ? said.args[0] === 'off' : scope.isPartial) return [];
  const effect =
    'If these are server-sent events: nginx collects them, and clients get them late and many at once, unless the app answers with "X-Accel-Buffering: no"';
  return [
    finding(
      'events-buffered',
      'warn',
      said ?? pass,
      effect,
      'proxy_buffering off;',
      'proxy_cache off;',
      'gzip off;',
      'proxy_read_timeout 1h;',
    ),
  ];
}

/** A level with one add_header of its own has none of those above. */
function headersLost(scope: Scope): Finding[] {
  const [first, ...more] = scope.own('add_header');
  if (!first || !scope.parent) return [];
  const names = new Set([first, ...more].map(({ args }) => args[0]?.toLowerCase()));
  const isProxied = scope.own('proxy_pass').length > 0;
  const gone = scope.parent
    .all('add_header')
    .filter(({ args }) => !names.has(args[0]?.toLowerCase()))
    // A cookie that finds the way to an instance has no meaning for files.
    .filter(({ args }) => isProxied || args[0]?.toLowerCase() !== 'set-cookie');
  if (gone.length === 0) return [];
  const effect = `Because this block adds a header of its own, those of the level above are not sent from it: ${gone.map(({ args }) => args[0]).join(', ')}`;
  return [finding('add-header-lost', 'warn', first, effect, ...gone.map(lineOf))];
}

function alias(scope: Scope): Finding[] {
  const [said] = scope.own('alias');
  const { path, match } = scope;
  if (!said || (match !== '' && match !== '^~') || path.endsWith('/') || !said.args[0]?.endsWith('/'))
    return [];
  const effect = `"${path}../" leads out of the directory: anybody can read the files beside it`;
  return [finding('alias-traversal', 'bad', scope.block ?? said, effect, `location ${path}/ {`)];
}
