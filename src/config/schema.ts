/**
 * Every setting, declared once: type, check, default, words for the reference, example. The TypeScript types, the
 * JSON Schema and the reference page come from here. What this hands out is complete: units resolved, defaults in.
 */
import { z } from 'zod';
import { acmeSettings } from './acme-schema.ts';
import { listenAddress, peer, siteHost } from './addresses.ts';
import { app } from './app-schema.ts';
import { dashboardSettings } from './dashboard-schema.ts';
import { described, optional, section, withDefault } from './describe.ts';
import { accessLog, http2 } from './edge-traffic-schema.ts';
import { egressSettings } from './egress-schema.ts';
import { frontSettings } from './front-schema.ts';
import { choice, duration, flag, size, text, wholeNumber } from './kinds.ts';
import { metricsSettings } from './metrics-schema.ts';
import { appName, groupName } from './names.ts';
import { notifySettings } from './notify-schema.ts';
import { deploySettings, releaseSettings } from './release-schema.ts';
import { siteSettings } from './site-schema.ts';

const edge = section(
  {
    processes: withDefault(wholeNumber(1, 64), 1, {
      says: 'How many processes the edge has. One serves more than most apps behind it can answer',
    }),
    unknownHost: withDefault(choice(404, 421), 404, {
      says: 'The status for a host that no site names',
    }),
    trust: withDefault(z.array(peer), [], {
      says:
        'Addresses and networks of proxies in front of Holdfast, whose `X-Forwarded-*` and `Forwarded` fields are ' +
        'believed. From all others they are overwritten',
      example: ['10.0.0.0/8'],
    }),
    http2,
    proxyProtocol: withDefault(flag, false, {
      says:
        'Connections begin with a PROXY header (v1 or v2), as load balancers send it when they pass connections on: it says who the client is. ' +
        'Only of peers in `trust`; connections of all others, and those without it, are closed',
    }),
    accessLog,
    drain: withDefault(duration, '30s', {
      says:
        'How long requests and WebSockets of an edge that is being replaced may go on, as by `hold upgrade`; WebSockets ' +
        'that are still open then are closed with code 1012',
    }),
    limits: section(
      {
        headTimeout: withDefault(duration, '15s', {
          says: "How long a client may take for a request's head",
        }),
        bodyIdle: withDefault(duration, '60s', {
          says: "The longest pause inside a request's body",
        }),
        keepAlive: withDefault(duration, '65s', {
          says:
            'How long an idle connection of a client stays open. More than the 60 seconds of common load balancers, ' +
            'so that they close first and no request meets a closing connection',
        }),
        upstreamTimeout: withDefault(duration, '60s', {
          says: 'How long an app may take to begin its answer, or pause within it. WebSockets and event streams are not limited',
        }),
        connectionsPerIp: withDefault(wholeNumber(1, 1_000_000), 1000, {
          says: 'Open connections from one address',
        }),
        body: withDefault(size, 0, {
          says: 'Largest request body; 0: no limit, since bodies are streamed and never kept',
          example: '10MB',
        }),
        memory: withDefault(size, '1GB', {
          says: 'Memory of one process of the edge above which new requests get 503, until it is less again. 0: no limit',
        }),
      },
      'What a client may take',
    ),
  },
  'The reverse proxy. It runs when there are sites',
);

const configShape = z.strictObject({
  $schema: optional(text('address', 'the address of the schema'), {
    says: 'For editors: where the JSON Schema of this file is',
  }),
  apps: withDefault(
    z.record(appName, app),
    {},
    {
      says: 'The programs to run, by name. A text is short for `{ run }`',
      example: { web: 'server.js' },
    },
  ),
  sites: withDefault(
    z.record(siteHost, siteSettings),
    {},
    {
      says:
        'What the edge serves, by host: `example.com`, `*.example.com` for everything below it, `*` for every host that ' +
        'no other site names. Without sites there is no edge, and apps keep their own ports',
      example: { 'example.com': { routes: { '/': 'web' } } },
    },
  ),
  edge,
  listen: section(
    {
      http: optional(listenAddress, {
        says: 'Where the edge listens for HTTP. Left out: 80 for root, else 8080, which needs no privilege',
        example: 8080,
      }),
      https: optional(listenAddress, {
        says: 'Where the edge listens for HTTPS, if there is a site with `tls`. Left out: 443 for root, else 8443, at the host of `http`',
        example: 8443,
      }),
    },
    'Where the edge listens',
  ),
  acme: acmeSettings,
  logs: section(
    {
      total: optional(size, { says: 'Cap over all logs of this home; the oldest go first', example: '10GB' }),
    },
    'All logs together',
  ),
  dashboard: dashboardSettings.optional(),
  egress: egressSettings.optional(),
  front: frontSettings.optional(),
  name: optional(groupName, {
    says: 'The name of the project, under which its releases and its variables are kept. Left out: the name in package.json, else the directory',
    example: 'shop',
  }),
  notify: notifySettings,
  metrics: metricsSettings,
  release: releaseSettings,
  deploy: deploySettings,
});

export const configSettings = described(configShape, { says: 'The configuration of Holdfast' });

/** What a configuration file may say. `config-types.ts` has the same for people to read. */
export type HoldfastConfig = z.input<typeof configSettings>;
/** The same, complete and with units resolved. */
export type Settings = z.output<typeof configSettings>;
