/**
 * One file for HAProxy (2.4 and later), to be read besides its main one. docs.haproxy.org has the manual; what each line is for
 * was tried with HAProxy 2.6.
 */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportedFile, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { Backends } from './backends.ts';
import {
  addressLines,
  canonicalPath,
  connectionLines,
  forwardedLines,
  secureLines,
  siteLines,
  timeoutLines,
} from './clients.ts';
import { answerLines, authLines, gateLines } from './content.ts';
import { rateLines, sizeLines } from './limits.ts';
import { bindLines } from './listen.ts';
import { captureLines, logLines } from './log.ts';
import { haproxyLosses } from './losses.ts';
import { pageLines } from './pages.ts';

import { numberRoutes, routeLines, type SiteRoutes, wayOf } from './routes.ts';
import { Rules } from './rules.ts';
import { render, type Section, siteName } from './words.ts';

export function haproxy(plan: Plan, options: ExportOptions): Exported {
  const rules = new Rules(options);
  const backends = new Backends(plan, rules);
  const front = frontend(plan, rules, backends);
  const sections: Section[] = [
    { head: 'global', lines: ['# For normalize-uri.', 'expose-experimental-directives'] },
    {
      head: `defaults ${rules.name}`,
      lines: [
        'mode http',
        ...timeoutLines(plan.edge),
        ...(options.idleMs === undefined
          ? [
              '# Each request goes to the next free instance, over connections that are kept.',
              'http-reuse safe',
            ]
          : [
              '# A connection for each request: HAProxy cannot say how long idle ones are kept, and one that an app closes takes a request with it.',
              'option http-server-close',
            ]),
        '# Pieces of an answer go out as they come: else an event may wait for 200 ms for another one.',
        'option http-no-delay',
      ],
    },
    front,
    ...backends.sections,
    ...certbot(plan, rules),
    ...rules.tables,
  ];
  const losses = haproxyLosses(plan);
  const text = head(options, losses) + render(sections);
  return {
    files: [{ path: `haproxy/${options.name}.cfg`, text, mode: 0o644 }, ...userLists(plan, rules)],
    losses,
  };
}

function head({ name }: ExportOptions, losses: readonly Loss[]): string {
  return comment('#', [
    `Written by \`hold export haproxy\`. Put it into /etc/haproxy/${name}/${name}.cfg and have HAProxy read that directory besides its main file (-f /etc/haproxy/haproxy.cfg -f /etc/haproxy/${name}); look at it with \`haproxy -c\`, and reload.`,
    ...(losses.length > 0 ? ['', 'Not in this file, because HAProxy cannot do it, or not from here:'] : []),
    ...lossLines(losses),
  ]);
}

function frontend(plan: Plan, rules: Rules, backends: Backends): Section {
  const sites = Object.values(plan.sites);
  const numbered = numberRoutes(plan);
  const ways = numbered.flatMap(({ site, routes }) => routes.map((route) => wayOf(route, site, backends)));
  const connections = rules.table('connections', [
    'stick-table type ipv6 size 100k expire 1m store conn_cur',
  ]);
  const hasId = sites.some(({ content }) => content?.requestId) || plan.edge.accessLog?.format === 'json';
  const cookies = backends.sticky;
  return {
    head: `frontend ${rules.name} from ${rules.name}`,
    lines: [
      ...bindLines(plan),
      ...connectionLines(plan.edge, connections),
      ...captureLines,
      '',
      ...canonicalPath,
      '',
      ...siteLines(plan),
      ...logLines(plan.edge.accessLog, sites),
      ...addressLines(plan.edge),
      ...(hasId ? ['http-request set-var(txn.id) uuid'] : []),
      ...secureLines(sites, plan.edge),
      ...numbered.flatMap((site) => siteRules(site, plan, rules)),
      '',
      ...ways.flatMap(({ requests }) => requests),
      `http-request deny deny_status 404 unless { var(txn.route) -m found }${acme(plan) ? ' or { path -m beg /.well-known/acme-challenge/ }' : ''}`,
      '',
      ...forwardedLines(),
      ...sites.flatMap(({ host, content }) =>
        content?.requestId
          ? [`http-request set-header X-Request-Id %[var(txn.id)] if ${siteName(host)}`]
          : [],
      ),
      '',
      ...ways.flatMap(({ answers }) => answers),
      ...sites.flatMap(answerLines),
      ...(cookies.length > 0
        ? [
            '# Over https, cookies stay there.',
            `http-after-response replace-header Set-Cookie '^((?:${cookies.join('|')})(?:_part)?=.*)$' '\\1; Secure' if { ssl_fc }`,
          ]
        : []),
      ...pageLines(sites),
      '',
      ...(acme(plan)
        ? [`use_backend ${rules.name}_certbot if { path -m beg /.well-known/acme-challenge/ } !{ ssl_fc }`]
        : []),
      ...ways.flatMap(({ backends }) => backends),
    ],
  };
}

function siteRules({ site, routes }: SiteRoutes, plan: Plan, rules: Rules): string[] {
  return [
    '',
    `# ${site.host}`,
    ...gateLines(site),
    ...routeLines({ site, routes }),
    ...sizeLines(site, routes, plan.edge),
    ...rateLines(site, routes, rules),
    ...authLines(site, usersOf(site.host, rules)),
  ];
}

function usersOf(host: string, rules: Rules): string {
  return `${rules.name}_users_${siteName(host)}`;
}

/** One for each site with passwords. Nobody is in them: HAProxy does not know the hashes of the plan, so a person fills them in. */
function userLists({ sites }: Plan, rules: Rules): ExportedFile[] {
  return Object.values(sites).flatMap(({ host, content }) => {
    if (!content?.auth) return [];
    const text =
      comment('#', [
        `Who may enter ${host}; written once by \`hold export haproxy\`, and yours since. As long as nobody is named here, nobody gets in. Hashes come from: mkpasswd -m sha-512 -R 5000`,
      ]) +
      render([
        {
          head: `userlist ${usersOf(host, rules)}`,
          lines: Object.keys(content.auth.users).map((user) => `# user ${user} password $6$…`),
        },
      ]);
    return [{ path: `haproxy/users.${host.replaceAll('*', '+')}.cfg`, text, mode: 0o600, once: true }];
  });
}

function acme({ sites }: Plan): boolean {
  return Object.values(sites).some(({ tls }) => tls?.certificate.from === 'acme');
}

function certbot(plan: Plan, rules: Rules): Section[] {
  if (!acme(plan)) return [];
  return [
    {
      head: `backend ${rules.name}_certbot from ${rules.name}`,
      lines: [
        '# Where certbot proves that a host is yours: certbot certonly --standalone --http-01-port 8888',
        'server certbot 127.0.0.1:8888',
      ],
    },
  ];
}
