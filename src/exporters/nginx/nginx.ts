/**
 * One file for nginx (1.18 and later), to be included in its context `http`. nginx.org has the reference of all directives;
 * what each of these is for was tried with nginx 1.22.
 */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { dollarSign, needsDollar, render } from './blocks.ts';
import { Http } from './http.ts';
import { nginxLosses } from './losses.ts';
import { siteServers, unknownServers } from './servers.ts';

export function nginx(plan: Plan, options: ExportOptions): Exported {
  const http = new Http(options);
  // First, because it fills what stands above it.
  const servers = [
    ...unknownServers(plan),
    ...Object.values(plan.sites).flatMap((site) => ['', `# ${site.host}`, ...siteServers(site, plan, http)]),
  ];
  const losses = nginxLosses(plan);
  const body = render([...http.directives, ...servers]);
  const text = head(options, losses) + (needsDollar(body) ? render([dollarSign, '']) : '') + body;
  return { files: [{ path: `nginx/${options.name}.conf`, text, mode: 0o644 }], losses };
}

function head({ name }: ExportOptions, losses: readonly Loss[]): string {
  return comment('#', [
    `Written by \`hold export nginx\`. Put it into /etc/nginx/conf.d/${name}.conf, look at it with \`nginx -t\`, and \`nginx -s reload\`.`,
    ...(losses.length > 0 ? ['', 'Not in this file, because nginx cannot do it, or not from here:'] : []),
    ...lossLines(losses),
  ]);
}
