/**
 * Two files for Traefik (3.0 and later): what it reads at its start, and what its file provider takes whenever it changes.
 * doc.traefik.io has the reference of both.
 */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { type Yaml, yaml } from '../yaml.ts';
import { traefikLosses } from './losses.ts';
import { Parts } from './parts.ts';
import { siteRouters, upgradeRouters } from './routers.ts';
import { staticPart } from './static.ts';

export function traefik(plan: Plan, options: ExportOptions): Exported {
  const { name } = options;
  const losses = traefikLosses(plan);
  const lost =
    losses.length > 0 ? ['', 'Not in these files, because Traefik cannot do it:', ...lossLines(losses)] : [];
  const dynamic =
    comment('#', [
      `Written by \`hold export traefik\`. It belongs to /etc/traefik/dynamic/${name}.yml; Traefik takes it whenever it changes.`,
      ...lost,
    ]) + yaml(dynamicPart(plan, options));
  const fixed =
    comment('#', [
      `Written by \`hold export traefik\`. What Traefik reads at its start: traefik --configFile=/etc/traefik/${name}.yml, or the same in a file of yours.`,
    ]) + yaml(staticPart(plan, name));
  return {
    files: [
      { path: `traefik/dynamic/${name}.yml`, text: dynamic, mode: 0o644 },
      { path: `traefik/${name}.yml`, text: fixed, mode: 0o644 },
    ],
    losses,
  };
}

function dynamicPart(plan: Plan, options: ExportOptions): Yaml {
  const sites = Object.values(plan.sites);
  const { name } = options;
  const parts = new Parts(options);
  const secure = sites.some(({ tls }) => tls);
  for (const site of sites) siteRouters(site, plan, parts);
  upgradeRouters([`${name}-http`, ...(secure ? [`${name}-https`] : [])], parts);
  const certificates = sites.flatMap(({ tls }) =>
    tls?.certificate.from === 'files'
      ? [{ certFile: tls.certificate.cert, keyFile: tls.certificate.key }]
      : [],
  );
  return {
    http: {
      routers: parts.routers,
      services: parts.services,
      middlewares: parts.middlewares,
      serversTransports: parts.transports,
    },
    ...(secure
      ? {
          tls: {
            certificates: certificates.length > 0 ? certificates : undefined,
            options: {
              default: { minVersion: 'VersionTLS12', alpnProtocols: alpn(plan) },
              ...parts.tlsOptions,
            },
          },
        }
      : {}),
  };
}

function alpn({ edge }: Plan): string[] {
  return [...(edge.http2.tls ? ['h2'] : []), 'http/1.1', 'acme-tls/1'];
}
