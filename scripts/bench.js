/** `npm run bench`: installs and builds what is missing, then runs the benchmarks (see bench/run.ts). */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, install, requireNode, root } from './prepare.js';

requireNode();
install();
build({ tests: true });
const bench = spawn(process.execPath, [join(root, '.build', 'bench', 'run.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// The benchmarks end what they started; wait for that.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => bench.kill(signal));
bench.once('exit', (code) => process.exit(code ?? 1));
