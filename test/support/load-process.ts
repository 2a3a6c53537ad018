/** The process that `load.ts` starts: takes one order to begin, then reports when asked, and ends with its parent. */
import { HttpLoad } from './http-load.ts';
import type { LoadOrder } from './load.ts';
import { WebSocketLoad } from './websocket-load.ts';

let load: HttpLoad | WebSocketLoad | undefined;

process.on('message', async (order: LoadOrder) => process.send?.(await obey(order)));
process.on('disconnect', () => process.exit());

async function obey(order: LoadOrder): Promise<unknown> {
  switch (order.type) {
    case 'http':
      load = new HttpLoad(order.options);
      return (await load.start()) ?? 'started';
    case 'websocket':
      load = new WebSocketLoad(order.options);
      return (await load.start()) ?? 'started';
    case 'report':
      return load?.report();
    case 'stop':
      return load?.stop();
  }
}
