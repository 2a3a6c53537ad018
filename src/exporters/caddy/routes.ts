/** Where requests of a site go: a `handle` for each route, the longest prefix first. */
import type { Plan, RoutePlan, SitePlan } from '../../config/plan.ts';
import type { FilesRoute } from '../../protocol/site-content.ts';
import type { ExportOptions } from '../exported.ts';
import { type Door, passTo } from './upstreams.ts';
import { type Block, block, type Directive, pattern, word } from './words.ts';

export function routeDirectives(site: SitePlan, door: Door, plan: Plan, options: ExportOptions): Directive[] {
  const routes = [...site.routes].sort((a, b) => b.prefix.length - a.prefix.length);
  return [
    ...routes.flatMap((route, n) => {
      const body = [...size(route, site, plan), ...wayOf(route, n + 1, door, plan, options)];
      const bare = route.prefix.replace(/\/$/, '');
      if (bare === '') return [block('handle', ...body)];
      return [
        `@route_${n + 1} path ${word(bare)} ${word(`${bare}/*`)}`,
        block(`handle @route_${n + 1}`, ...body),
      ];
    }),
    ...(routes.some(({ prefix }) => prefix === '/') ? [] : [block('handle', 'error 404')]),
  ];
}

function size({ load }: RoutePlan, site: SitePlan, { edge }: Plan): Directive[] {
  const most = load?.bodyBytes ?? site.load?.bodyBytes ?? edge.limits.bodyBytes;
  if (most === 0) return [];
  return [
    `@large expression \`{http.request.header.Content-Length} != "" && int({http.request.header.Content-Length}) > ${most}\``,
    'error @large 413',
    block('request_body', `max_size ${most}`),
  ];
}

function wayOf(route: RoutePlan, n: number, door: Door, plan: Plan, options: ExportOptions): Directive[] {
  const { to, prefix } = route;
  if (to.kind === 'files') return files(to.files, prefix);
  if (to.kind === 'split') return split(to, n, door, plan, options);
  return [passTo(to, door, plan, options)];
}

function files({ root, index, spa, cacheControl }: FilesRoute, prefix: string): Directive[] {
  const bare = prefix.replace(/\/$/, '');
  return [
    ...(bare === ''
      ? []
      : [
          `@bare path ${word(bare)}`,
          `redir @bare ${word(`${bare}/`)} 308`,
          `uri strip_prefix ${word(bare)}`,
        ]),
    `root * ${word(root)}`,
    `header Cache-Control ${word(cacheControl)}`,
    ...(spa && index ? [`try_files {path} {path}/${index} ${word(`/${index}`)}`] : []),
    "# Names that begin with a dot are nobody's business.",
    block('file_server', 'hide .*', `index ${index === null ? '.none' : word(index)}`),
  ];
}

/** By weight: the number of a request is as good as a die. Who has the cookie stays where it was. */
function split(
  { parts, sticky }: Extract<RoutePlan['to'], { kind: 'split' }>,
  n: number,
  door: Door,
  plan: Plan,
  options: ExportOptions,
): Directive[] {
  const some = parts.filter(({ weight }) => weight > 0);
  const total = some.reduce((sum, { weight }) => sum + weight, 0);
  const cookie = `${options.name.replaceAll('-', '_')}_part_${n}`;
  const passes = some.map(({ to }) => passTo(to, door, plan, options));
  const known = passes.flatMap((pass, part) => [
    `@split_${n}_at_${part + 1} header_regexp Cookie ${pattern(`(?:^|;\\s*)${cookie}=${part + 1}(?:;|$)`)}`,
    block(`handle @split_${n}_at_${part + 1}`, pass),
  ]);
  const secure = door.scheme === 'https' ? '; Secure' : '';
  let sum = 0;
  const fresh = passes.flatMap((pass, part) => {
    sum += some[part]?.weight ?? 0;
    const body: (string | Block)[] = [
      ...(sticky
        ? [`header +Set-Cookie "${cookie}=${part + 1}; Path=/; HttpOnly; SameSite=Lax${secure}"`]
        : []),
      pass,
    ];
    if (part === passes.length - 1) return [block('handle', ...body)];
    return [
      `@split_${n}_to_${part + 1} vars_regexp {http.request.uuid} ${pattern(below(Math.round((sum / total) * 256)))}`,
      block(`handle @split_${n}_to_${part + 1}`, ...body),
    ];
  });
  return sticky ? [...known, ...fresh] : fresh;
}

/** Matches numbers whose first two hexadecimal digits are below this one of 256. */
function below(most: number): string {
  const first = Math.floor(most / 16);
  const second = most % 16;
  const digits = '0123456789abcdef';
  const parts = [
    ...(first > 0 ? [`[${digits.slice(0, first)}]`] : []),
    ...(second > 0 ? [`${digits[first]}[${digits.slice(0, second)}]`] : []),
  ];
  return parts.length > 0 ? `^(?:${parts.join('|')})` : '^$';
}
