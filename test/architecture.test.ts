/** Imports point one way: the table of docs/architecture.md, enforced. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { root } from './support/root.ts';

/** Folder of src (or a file directly in it) -> what it may import besides itself; kit and errors are free to all but the first row. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  kit: [],
  errors: [],
  guest: [],
  config: [],
  supervisor: [],
  logs: [],
  launch: [],
  exporters: [],
  doctor: ['config'],
  protocol: [],
  edge: ['protocol'],
  egress: ['protocol'],
  client: ['protocol'],
  vault: [],
  boot: ['protocol'],
  release: ['config', 'launch', 'protocol', 'client', 'vault'],
  daemon: ['supervisor', 'launch', 'logs', 'protocol', 'config', 'release', 'exporters', 'vault'],
  cli: [
    'boot',
    'config',
    'client',
    'doctor',
    'egress',
    'release',
    'exporters',
    'launch',
    'logs',
    'protocol',
    'vault',
  ],
  dashboard: ['protocol', 'client', 'logs', 'release'],
  index: ['config', 'client', 'protocol'],
};
const standAlone = ['kit', 'errors', 'guest'];
/** They vanish when compiled. What crosses a process has its types in protocol. */
const freeTypes: Readonly<Record<string, readonly string[]>> = {
  guest: ['protocol'],
  config: ['protocol'],
  exporters: ['protocol'],
};

test('no folder imports what it may not', () => {
  const src = join(root, 'src');
  const offences: string[] = [];
  for (const name of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!/\.[cm]?ts$/.test(name)) continue;
    const file = join(src, name);
    const from = folderOf(name);
    if (!allowed[from]) offences.push(`${name}: the folder is not in the table`);
    for (const { target, typesOnly } of imports(file)) {
      const path = relative(src, join(dirname(file), target));
      const to = folderOf(path);
      if (to === from || allowed[from]?.includes(to)) continue;
      if (!standAlone.includes(from) && (to === 'kit' || to === 'errors')) continue;
      if (typesOnly && (path === 'config/plan.ts' || freeTypes[from]?.includes(to))) continue;
      if (name.includes('.test.') && path.startsWith('..')) continue; // test/support
      offences.push(`${name} imports ${path}`);
    }
  }
  assert.deepEqual(offences, []);
});

function folderOf(path: string): string {
  return path.split('/')[0]?.replace(/\.[cm]?ts$/, '') ?? '';
}

/** Relative imports of a file, also dynamic ones. */
function imports(file: string): { target: string; typesOnly: boolean }[] {
  const code = readFileSync(file, 'utf8');
  const pattern =
    /^\s*(?:import|export)\s+(type\s)?[^;'"]*?\bfrom\s+['"](\.[^'"]+)['"]|(?:\bimport|\brequire)\s*\(?\s*['"](\.[^'"]+)['"]/gm;
  return [...code.matchAll(pattern)].map(([, type, from, dynamic]) => {
    return { target: from ?? dynamic ?? '', typesOnly: type !== undefined };
  });
}
