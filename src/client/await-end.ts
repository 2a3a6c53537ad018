/** Waits until the daemon of a home and its holder are gone, so that what comes next starts afresh. */
import { connectNow } from './connect.ts';
import { isOnItsWay } from './start-daemon.ts';

const deadlineMs = 10_000;
const pollMs = 15;

/** Resolves early too when it takes longer than ten seconds: what was asked for was answered already. */
export async function awaitEnd(home: string): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (Date.now() < deadline && ((await isOnItsWay(home)) || (await answers(home)))) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function answers(home: string): Promise<boolean> {
  const client = await connectNow(home);
  client?.close();
  return client !== null;
}
