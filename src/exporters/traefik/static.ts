/** What Traefik reads at its start only: where it listens, whom it trusts, certificates that it orders. */
import type { EdgePlan, ListenPlan, Plan } from '../../config/plan.ts';
import type { Yaml } from '../yaml.ts';
import { time } from './parts.ts';

export function staticPart({ edge, sites }: Plan, name: string): Yaml {
  const all = Object.values(sites);
  const secure = all.some(({ tls }) => tls);
  const ordered = all.some(({ tls }) => tls?.certificate.from === 'acme');
  const { acme, accessLog } = edge;
  return {
    entryPoints: {
      [`${name}-http`]: door(edge.http, edge),
      ...(secure ? { [`${name}-https`]: door(edge.https, edge) } : {}),
    },
    providers: { file: { directory: '/etc/traefik/dynamic', watch: true } },
    ...(ordered
      ? {
          certificatesResolvers: {
            [name]: {
              acme: {
                email: acme.email ?? undefined,
                caServer: acme.directory,
                caCertificates: acme.directoryCa ? [acme.directoryCa] : undefined,
                storage: '/var/lib/traefik/acme.json',
                ...(acme.challenge === 'http-01'
                  ? { httpChallenge: { entryPoint: `${name}-http` } }
                  : { tlsChallenge: {} }),
              },
            },
          },
        }
      : {}),
    ...(accessLog
      ? {
          accessLog: {
            filePath: `/var/log/traefik/${name}.access.log`,
            format: accessLog.format === 'json' ? 'json' : 'common',
          },
        }
      : {}),
  };
}

function door({ host, port }: ListenPlan, { limits, trust, proxyProtocol, drainMs, http2 }: EdgePlan): Yaml {
  const address = `${host === null ? '' : host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    address,
    forwardedHeaders: trust.length > 0 && !proxyProtocol ? { trustedIPs: trust } : undefined,
    proxyProtocol: proxyProtocol ? { trustedIPs: trust } : undefined,
    http2: { maxConcurrentStreams: http2.maxStreams },
    transport: {
      respondingTimeouts: { readTimeout: '10m', idleTimeout: time(limits.keepAliveMs) },
      lifeCycle: { graceTimeOut: time(drainMs) },
    },
  };
}
