import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { cleanup } from '../../test/support/cleanup.ts';
import { appPlan } from '../../test/support/plans.ts';
import { someEdge } from '../../test/support/promotion.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { Doors } from './doors.ts';
import type { Journal } from './journal.ts';
import { PortKeeper } from './port-keeper.ts';
import { nothingDesired } from './state.ts';
import { fresh } from './stored-app.ts';

test('a port that only the edge has, since Holdfast was killed, is told as such, with the way out', {
  skip: process.platform !== 'linux',
}, async (t) => {
  // This process is the edge that was left alone with its port.
  const server = createServer().listen(0);
  cleanup(t, () => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const edge = fresh(appPlan({ name: '@edge', port, guest: false }), null);
  const listen = { ...someEdge, http: { ...someEdge.http, host: null, port } };
  const state = { ...nothingDesired, apps: { '@edge': edge }, edge: listen };
  const keeper = (pid: number) =>
    new PortKeeper({
      doors: new Doors([], () => undefined),
      journal: { record: () => undefined } as unknown as Journal,
      supervisor: {
        apps: [{ name: '@edge', current: [{ running: { record: { pid } } }] }],
      } as unknown as Supervisor,
      state: () => state,
    });
  assert.throws(() => keeper(process.pid).open([edge]), {
    code: 'PORT_TAKEN',
    message: new RegExp(`port ${port}: only @edge itself \\(pid ${process.pid}\\) has it since`),
    hint: /`hold restart @edge`/,
  });
  // Anybody else that has it is not ours to restart.
  assert.throws(
    () => keeper(1).open([edge]),
    ({ message }) => !message.includes('only @edge'),
  );
});
