/** A thread for one search: an expression that takes for ever, and a log without end, are ended with it. */
import { parentPort, workerData } from 'node:worker_threads';
import { asHoldfastError } from '../../../errors.ts';
import type { LogPage } from '../../../protocol/dashboard.ts';
import { readLogPage } from './page.ts';
import type { LogRequest } from './query.ts';

const { dir, request } = workerData as { dir: string; request: LogRequest };
try {
  const tell = (sofar: LogPage) => parentPort?.postMessage({ sofar });
  parentPort?.postMessage({ page: await readLogPage(dir, request, Date.now(), tell) });
} catch (error) {
  parentPort?.postMessage({ error: asHoldfastError(error).toBody() });
}
