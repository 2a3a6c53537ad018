import { bareCluster, bareNode } from '../contenders/bare.ts';
import { holdfastHeldPort } from '../contenders/holdfast.ts';
import { pm2Cluster } from '../contenders/pm2.ts';
import { figure, ratio, table } from '../kit/figures.ts';
import type { Section } from '../kit/section.ts';
import { loadInTurn } from '../kit/stacks.ts';

const contenders = [bareNode(), bareCluster(), pm2Cluster(), holdfastHeldPort()];

/** Several instances on one port, without a proxy. */
export const heldPort: Section = {
  name: 'held-port',
  title: 'Two instances on one port, without a proxy',
  about: `The same app and load as above. "CPU" is that of the app's processes and whatever stands beside them (PM2's
daemon, the primary of \`node:cluster\`, Holdfast's daemon), divided by the requests.`,
  async run(settings) {
    const figures = await loadInTurn(contenders, settings);
    const base = figures.find(({ name }) => name.startsWith('PM2'));
    const rows = figures.map((row) => [
      `${row.name} (${row.version})`,
      figure(row.wholeMicros),
      ratio(row.wholeMicros, base?.wholeMicros),
      figure(row.perSecond),
      ratio(row.perSecond, base?.perSecond),
      figure(row.p99Ms),
      String(row.errors),
    ]);
    return {
      text: table(['', 'CPU µs', 'x PM2', 'requests/s', 'x PM2', 'p99 ms', 'errors'], rows),
      aims: [],
    };
  },
};
