/** Where in the page a person is. It stands behind the `#` of the address, so that it works below any prefix. */

export type Route =
  | {
      readonly page: 'overview' | 'events' | 'crashes' | 'releases' | 'outgoing' | 'certificates' | 'unknown';
    }
  | { readonly page: 'app'; readonly app: string }
  | { readonly page: 'logs'; readonly search: LogSearch }
  | { readonly page: 'release'; readonly project: string; readonly id: string };

export interface LogSearch {
  /** null = none was chosen yet. */
  readonly app: string | null;
  readonly query: string;
  readonly instance: string;
  readonly stream: '' | 'out' | 'err';
}

const simple = ['events', 'crashes', 'releases', 'outgoing', 'certificates'] as const;

/** What `location.hash` says. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [first = '', second, third, ...more] = path.split('/').map(decode);
  if (first === '') return { page: 'overview' };
  if (more.length > 0) return { page: 'unknown' };
  if (first === 'apps' && second && third === undefined) return { page: 'app', app: second };
  if (first === 'logs' && second === undefined) return { page: 'logs', search: parseSearch(search) };
  if (first === 'releases' && second && third) return { page: 'release', project: second, id: third };
  const page = simple.find((name) => name === first);
  return page && second === undefined ? { page } : { page: 'unknown' };
}

/** The address of a place, to be put into `href`. */
export function link(route: Route): string {
  switch (route.page) {
    case 'overview':
    case 'unknown':
      return '#/';
    case 'app':
      return `#/apps/${encodeURIComponent(route.app)}`;
    case 'release':
      return `#/releases/${encodeURIComponent(route.project)}/${encodeURIComponent(route.id)}`;
    case 'logs': {
      const { app, query, instance, stream } = route.search;
      const fields = Object.entries({ app: app ?? '', q: query, instance, stream }).filter(
        ([, value]) => value,
      );
      return fields.length === 0 ? '#/logs' : `#/logs?${new URLSearchParams(fields)}`;
    }
    default:
      return `#/${route.page}`;
  }
}

export function logsOf(app: string | null, more: Partial<LogSearch> = {}): Route {
  return { page: 'logs', search: { app, query: '', instance: '', stream: '', ...more } };
}

function parseSearch(search: string): LogSearch {
  const fields = new URLSearchParams(search);
  const stream = fields.get('stream');
  return {
    app: fields.get('app') || null,
    query: fields.get('q') ?? '',
    instance: fields.get('instance') ?? '',
    stream: stream === 'out' || stream === 'err' ? stream : '',
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
