import { setTimeout as sleep } from 'node:timers/promises';

export async function GET() {
  await sleep(1000);
  return new Response('A reload waits for this answer\n');
}
