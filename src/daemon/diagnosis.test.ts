import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appPlan } from '../../test/support/plans.ts';
import { diagnose, type Evidence } from './diagnosis.ts';
import { killedPids } from './kernel-kills.ts';
import { lastStack } from './stack-in-output.ts';

function evidence(given: Partial<Evidence>, printed = ''): Evidence {
  return {
    plan: appPlan(),
    exit: { code: 1, signal: null },
    cause: 'exited with code 1',
    output: printed.split('\n').map((text) => ({ time: '', stream: 'err', text })),
    report: null,
    blocked: null,
    notReady: null,
    reachedLimit: false,
    kernelKill: () => null,
    portOwner: () => undefined,
    ...given,
  };
}

const MB = 1024 * 1024;
const kill = { code: null, signal: 'SIGKILL' } as const;

/** As Node 20 to 26 print them. */
const THROW = `/app/server.js:4
  throw new TypeError('x is not a function');
  ^

TypeError: x is not a function
    at handle (/app/server.js:4:9)
    at Server.emit (node:events:524:28) {
  code: 'E_X'
}

Node.js v20.20.2`;
const REJECTION = `node:internal/process/promises:288
            triggerUncaughtException(err, true /* fromPromise */);
            ^

Error: no database
    at connect (/app/db.js:7:11)

Node.js v20.20.2`;

describe('what was the matter', () => {
  const cases: [string, Evidence, string | null][] = [
    [
      'a full heap, by the report',
      evidence({ report: { header: { trigger: 'OOMError' }, javascriptHeap: { memoryLimit: 512 * MB } } }),
      'it reached the limit of its JavaScript heap (512 MB)',
    ],
    [
      'a full heap, by its words',
      evidence(
        { exit: { code: null, signal: 'SIGABRT' } },
        'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
      ),
      'it reached the limit of its JavaScript heap',
    ],
    [
      'its own memory limit',
      evidence({
        reachedLimit: true,
        exit: kill,
        cause: 'killed by SIGKILL',
        plan: appPlan({ memory: { softBytes: null, hardBytes: 256 * MB } }),
      }),
      'it reached its memory limit (256 MB), and the kernel ended it',
    ],
    [
      'the kernel',
      evidence({ exit: kill, cause: 'killed by SIGKILL', kernelKill: () => 'certain' }),
      'the machine was out of memory, and the kernel ended it',
    ],
    [
      'the kernel, most likely',
      evidence({ exit: kill, cause: 'killed by SIGKILL', kernelKill: () => 'likely' }),
      'the machine was out of memory, and the kernel most likely ended it',
    ],
    [
      'kill -9',
      evidence({ exit: kill, cause: 'killed by SIGKILL' }),
      'somebody else sent it SIGKILL: Holdfast did not, and the kernel does not say that it did',
    ],
    [
      'a port in use',
      evidence(
        { portOwner: (port) => (port === 3000 ? { pid: 12, name: 'nginx' } : undefined) },
        'Error: listen EADDRINUSE: address already in use :::3000\n    at Server.listen (node:net:1:1)',
      ),
      'port 3000 is in use by nginx (pid 12)',
    ],
    [
      'a port below 1024',
      evidence({}, 'Error: listen EACCES: permission denied 0.0.0.0:80'),
      'its user may not listen on port 80',
    ],
    [
      'a missing package',
      evidence({}, "Error: Cannot find module 'express'\nRequire stack:\n- /app/server.js"),
      'the package "express" is not installed',
    ],
    [
      'a missing package of an ES module',
      evidence({}, "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'koa' imported from /app/server.mjs"),
      'the package "koa" is not installed',
    ],
    [
      'a missing file',
      evidence({}, "Error: Cannot find module './lib/x'"),
      'the file "./lib/x" is not there',
    ],
    ['a full disk', evidence({}, 'Error: ENOSPC: no space left on device, write'), 'the disk is full'],
    [
      'too many watchers',
      evidence({}, "Error: ENOSPC: System limit for number of file watchers reached, watch '/app'"),
      'the machine allows no more file watchers',
    ],
    [
      'too many files',
      evidence({}, "Error: EMFILE: too many open files, open '/x'"),
      'it had too many files and connections open',
    ],
    [
      'a missing program',
      evidence({ exit: { code: 127, signal: null } }, '/app/run.sh: 3: ffmpeg: not found'),
      'a program that it runs is missing: "ffmpeg"',
    ],
    ['an exception', evidence({}, THROW), 'uncaught exception: TypeError: x is not a function'],
    ['a rejection', evidence({}, REJECTION), 'unhandled rejection: Error: no database'],
    [
      'a health check',
      evidence({
        cause: 'its health check failed: GET / answered 500',
        exit: { code: null, signal: 'SIGTERM' },
      }),
      null,
    ],
    [
      'never ready',
      evidence({ cause: 'not ready within 30 s', notReady: 'GET /readyz answered 503' }),
      'GET /readyz answered 503',
    ],
    [
      'machine code',
      evidence({ exit: { code: null, signal: 'SIGSEGV' }, cause: 'killed by SIGSEGV' }),
      'machine code crashed: a native addon, or Node itself',
    ],
    [
      'told to end by somebody',
      evidence({ exit: { code: null, signal: 'SIGTERM' }, cause: 'killed by SIGTERM' }),
      'somebody else told it to end: Holdfast did not',
    ],
    [
      'nothing to do',
      evidence({ exit: { code: 0, signal: null }, cause: 'exited with code 0' }),
      'it ended by itself, without an error: nothing was left for it to do',
    ],
    ['nothing that is known', evidence({}, 'bye'), null],
  ];
  for (const [what, given, expected] of cases) {
    test(what, () => assert.equal(diagnose(given).diagnosis, expected));
  }
});

test('a blocked event loop: the stack, or why there is none', () => {
  const cause = 'the event loop was blocked for 10s';
  const stack = ['at hash (/app/work.js:12:7)'];
  assert.deepEqual(diagnose(evidence({ cause, exit: kill, blocked: { stack, report: true } })).stack, stack);
  assert.match(diagnose(evidence({ cause, exit: kill })).diagnosis ?? '', /not in JavaScript/);
});

test('an error that was logged long ago is not blamed for a signal from outside', () => {
  const given = evidence({ exit: { code: null, signal: 'SIGTERM' }, cause: 'killed by SIGTERM' }, THROW);
  assert.match(diagnose(given).diagnosis ?? '', /somebody else/);
});

test('the last stack in the output, and the message before it', () => {
  assert.deepEqual(lastStack(THROW.split('\n')), {
    headline: 'TypeError: x is not a function',
    stack: ['at handle (/app/server.js:4:9)', 'at Server.emit (node:events:524:28)'],
  });
  assert.equal(lastStack(['all is well', '    at least']), null);
  assert.equal(lastStack(['Error: several', 'lines', '    at f (/a.js:1:1)'])?.headline, 'Error: several');
});

test('the kernel names whom it has ended', () => {
  const log = `6,1,2,-;Memory cgroup out of memory: Killed process 41 (node) total-vm:1kB
6,2,3,-;Out of memory: Killed process 42 (node), UID 0`;
  assert.deepEqual(killedPids(log), [41, 42]);
});
