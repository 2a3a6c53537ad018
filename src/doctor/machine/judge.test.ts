import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MachineFacts } from './facts.ts';
import { judge } from './judge.ts';

const GB = 1024 ** 3;
const DAY_MS = 86_400_000;
const now = Date.parse('2026-11-23T03:00:00Z');

const well: MachineFacts = {
  now,
  node: 'v24.1.0',
  version: '1.0.0',
  isRoot: false,
  home: { path: '/h', exists: true, isOurs: true, mode: 0o700, socketMode: 0o600, newestMs: now },
  daemon: { state: 'runs', version: '1.0.0', node: 'v24.1.0', pid: 7, holder: true },
  apps: [{ name: 'web', status: 'running', restarts: 0, notes: [], reason: null }],
  disk: { freeBytes: 50 * GB, totalBytes: 100 * GB, freeInodeShare: 0.9 },
  memory: { availableBytes: 8 * GB, totalBytes: 16 * GB },
  descriptors: 65_536,
  firstFreePort: 1024,
  boot: 'systemd',
  logBytes: GB,
  config: { state: 'fine', file: 'holdfast.config.ts', changes: [], logsTotalBytes: null },
  certificates: [{ name: 'a.test', notAfter: now + 60 * DAY_MS, problem: null, isAutomatic: true }],
  ports: [{ of: 'sites, http', port: 8080, isTaken: false }],
};

function trouble(change: Partial<MachineFacts>): string[] {
  return judge({ ...well, ...change })
    .filter(({ state }) => state !== 'ok')
    .map(({ about, state, text, advice }) => {
      assert.notEqual(advice, null);
      return `${state} ${about}: ${text}`;
    });
}

test('a machine on which all is well', () => {
  assert.deepEqual(trouble({}), []);
  assert.deepEqual(trouble({ config: { state: 'deployed', file: 'x', release: 'r1' } }), []);
  assert.ok(judge(well).every(({ advice }) => advice === null));
});

const certificate = (days: number) => ({
  certificates: [{ name: 'a.test', notAfter: now + days * DAY_MS, problem: null, isAutomatic: false }],
});

const cases: readonly (readonly [Partial<MachineFacts>, RegExp])[] = [
  [{ daemon: { state: 'none', wishes: 2 } }, /^bad daemon: none runs, and 2 apps should be kept$/],
  [{ daemon: { state: 'ill', problem: 'it speaks another version' } }, /^bad daemon: it speaks/],
  [
    { daemon: { ...well.daemon, version: '0.9.0' } as MachineFacts['daemon'] },
    /^warn daemon: version 0\.9\.0 runs/,
  ],
  [{ daemon: { ...well.daemon, holder: false } as MachineFacts['daemon'] }, /^warn holder/],
  [
    { apps: [{ name: 'web', status: 'failed', restarts: 9, notes: [], reason: 'exited with code 1' }] },
    /^bad web: is failed: exited with code 1$/,
  ],
  [
    { apps: [{ name: 'web', status: 'running', restarts: 40, notes: [], reason: null }] },
    /^warn web: crashed .* 40 times$/,
  ],
  [
    {
      apps: ['web', 'api'].map((name) => ({
        name,
        status: 'running',
        restarts: 0,
        notes: ['nginx goes on with its old configuration: x'],
        reason: null,
      })),
    },
    /^warn front: nginx goes on with its old configuration: x$/,
  ],
  [
    { config: { state: 'wrong', file: 'x', problem: 'apps.web.run must be', details: [] } },
    /^bad config: apps\.web\.run/,
  ],
  [
    { config: { state: 'fine', file: 'x', changes: ['change web'], logsTotalBytes: null } },
    /^warn config: x is not what runs: change web$/,
  ],
  [
    { config: { state: 'refused', problem: 'Cannot take "web"', details: ['x'], hint: 'Delete it' } },
    /^warn config: Cannot take "web"; x$/,
  ],
  [{ ports: [{ of: 'web', port: 3000, isTaken: true }] }, /^bad port: 3000 \(web\) is taken/],
  [{ ports: [{ of: 'sites, http', port: 80, isTaken: false }] }, /^warn port: 80 .* root only$/],
  [certificate(-1), /^bad certificate: of a\.test has ended$/],
  [certificate(3), /^bad certificate: of a\.test ends in 3d$/],
  [certificate(15), /^warn certificate: of a\.test ends in 15 days$/],
  [{ home: { ...well.home, mode: 0o755 } }, /^bad home: others may look into \/h \(mode 0755\)$/],
  [{ home: { ...well.home, socketMode: 0o666 } }, /^bad socket: others may give orders/],
  [{ home: { ...well.home, isOurs: false } }, /^bad home: \/h belongs to another user$/],
  [{ home: { ...well.home, newestMs: now + 2 * DAY_MS } }, /^warn clock/],
  [{ logBytes: 0, disk: { freeBytes: 1000, totalBytes: GB, freeInodeShare: 1 } }, /^bad disk/],
  [{ disk: { freeBytes: 4 * GB, totalBytes: 100 * GB, freeInodeShare: 1 } }, /^warn disk/],
  [
    { disk: { freeBytes: 50 * GB, totalBytes: 100 * GB, freeInodeShare: 0.001 } },
    /^bad disk: nearly no inodes/,
  ],
  [{ logBytes: 30 * GB }, /^warn logs/],
  [{ memory: { availableBytes: 1, totalBytes: GB } }, /^warn memory/],
  [{ descriptors: 1024 }, /^warn descriptors: 1024 files/],
  [
    { node: 'v20.1.0', daemon: { state: 'none', wishes: 0 } },
    /^warn node: apps run with v20\.1\.0, which gets no fixes since 2026-04-30$/,
  ],
  [{ node: 'v25.0.0', daemon: { state: 'none', wishes: 0 } }, /^warn node: .* no version for production$/],
  [{ node: 'v26.0.0' }, /^warn node: apps run with v24\.1\.0, and this is v26\.0\.0$/],
  [{ boot: null }, /^warn boot: does not start with the machine$/],
];

for (const [change, expected] of cases) {
  test(`trouble: ${expected.source}`, () => {
    const found = trouble(change);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', expected);
  });
}
