/**
 * `npm run soak`: 30 apps with 100 instances, for ten minutes everything that can be done to them, and then the books.
 *
 *   npm run soak                                  10 minutes, seed 1
 *   npm run soak -- --minutes 60 --seed 7
 *   npm run soak -- --apps 10 --instances 20 --history
 */
import { parseArgs } from 'node:util';
import { OwnTest } from '../support/own-test.ts';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    apps: { type: 'string', default: '30' },
    instances: { type: 'string', default: '100' },
    /** Print what was done. */
    history: { type: 'boolean', default: false },
  },
});

const began = performance.now();
const say = (line: string) =>
  console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}`);
const t = new OwnTest();
let failed = true;
try {
  const report = await soak(t, {
    seed: Number(values.seed),
    duration: Number(values.minutes) * 60_000,
    apps: Number(values.apps),
    instances: Number(values.instances),
    say,
  });
  if (values.history) for (const deed of report.history) console.log(`  ${deed}`);
  console.log('');
  for (const line of report.summary) console.log(line);
  console.log('');
  for (const [what, problems] of Object.entries(report.problems)) {
    console.log(
      `${problems.length === 0 ? 'ok ' : 'NOT'}  ${what}${problems.length === 0 ? '' : `: ${problems.length}`}`,
    );
    for (const problem of problems.slice(0, 20)) console.log(`       ${problem}`);
  }
  failed = Object.values(report.problems).some((problems) => problems.length > 0);
} finally {
  await t.end();
}
process.exitCode = failed ? 1 : 0;
