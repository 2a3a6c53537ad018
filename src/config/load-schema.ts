/** What may come to a site, or to one of its routes: how much, and how often. */
import { z } from 'zod';
import type { LoadRules } from '../protocol/traffic-rules.ts';
import { optional } from './describe.ts';
import { size } from './kinds.ts';
import { rate } from './rate.ts';

export const loadShape = {
  body: optional(size, {
    says: 'Largest request body; more gets 413. 0: no limit. Left out: as the site says, else as `edge.limits.body` says',
    example: '10MB',
  }),
  rate: optional(z.union([rate.transform((one) => [one]), z.array(rate)]), {
    says:
      'How often a client may come; more gets 429. `<requests>/<time>`, then, if need be, `burst <number>`, how many may come at once (left out: as many as the ' +
      'requests), and `per ip`, `per all`, `per header <name>` or `per cookie <name>`, whom it counts together (left out: `per ip`). ' +
      'Clients can make up headers and cookies: all values of one address together get 100 times the rate. A list: all of them hold',
    example: '100/s burst 200 per ip',
  }),
};

export const siteLoad = optional(z.strictObject(loadShape), {
  says: 'What may come to this site. A route may have limits of its own besides',
  example: { body: '10MB', rate: '100/s burst 200 per ip' },
});

interface LoadSettings {
  readonly body?: number | undefined;
  readonly rate?: LoadRules['rates'] | undefined;
}

/** null when nothing is said. */
export function completeLoad({ body, rate = [] }: LoadSettings): LoadRules | null {
  return body === undefined && rate.length === 0 ? null : { bodyBytes: body ?? null, rates: rate };
}
