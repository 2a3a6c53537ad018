/**
 * One file for Apache (2.4.47 and later, because of `upgrade=websocket`), to be included in the main context. What each directive
 * is for was tried with Apache 2.4 and mpm_event.
 */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { type Directive, dollarSign, needsDollar, render, section } from './blocks.ts';
import { acmeDirectives, inOrder, listenDirectives, siteHosts, unknownHosts } from './hosts.ts';
import { apacheLosses } from './losses.ts';
import { Server } from './server.ts';

export function apache(plan: Plan, options: ExportOptions): Exported {
  const server = new Server(options);
  // First, because it fills what stands above it.
  const hosts: Directive[] = [
    ...unknownHosts(plan, server),
    ...inOrder(Object.values(plan.sites)).flatMap((site) => [...siteHosts(site, plan, server), '']),
  ];
  const top = [...acmeDirectives(plan, server), ...listenDirectives(plan), ''];
  const losses = apacheLosses(plan);
  const body = render([...requirements(server), ...top, ...server.directives, ...hosts]);
  const text = head(options, losses) + (needsDollar(body) ? `${dollarSign}\n\n` : '') + body;
  return {
    files: [{ path: `apache/${options.name}.conf`, text: `${text.trimEnd()}\n`, mode: 0o644 }],
    losses,
  };
}

function head({ name }: ExportOptions, losses: readonly Loss[]): string {
  return comment('#', [
    `Written by \`hold export apache\`. Put it into /etc/apache2/sites-available/${name}.conf, then \`a2ensite ${name}\`, \`apache2ctl configtest\` and \`apache2ctl graceful\`.`,
    '',
    'An open WebSocket takes one thread of Apache. mpm_event has 150 of them unless MaxRequestWorkers says more (with ServerLimit = MaxRequestWorkers / ThreadsPerChild).',
    ...(losses.length > 0 ? ['', 'Not in this file, because Apache cannot do it, or not from here:'] : []),
    ...lossLines(losses),
  ]);
}

const MODULES = 'HOLDFAST_MODULES';

/** An Apache that lacks a module would silently leave out what stands in IfModule, so it refuses to start instead. */
function requirements({ modules }: Server): Directive[] {
  return [
    '# All that it takes:',
    `# a2enmod ${modules.join(' ')}`,
    `Define ${MODULES} "a2enmod ${modules.join(' ')}"`,
    ...modules.map((name) =>
      section(`IfModule !${name}_module`, `Error "This file needs mod_${name}, and all of: \${${MODULES}}"`),
    ),
    section(
      'IfVersion < 2.4.47',
      'Error "This file needs Apache 2.4.47 or later: older ones pass on no WebSockets with upgrade="',
    ),
    '',
  ];
}
