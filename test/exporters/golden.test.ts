/** The files of each target for a few plans, to be read by people. HOLDFAST_GOLDEN=write writes them anew. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Plan } from '../../src/config/plan.ts';
import { root } from '../support/root.ts';
import { everything, heldTargets, optionsFor, plain, secure } from './plans.ts';

const plans: Readonly<Record<string, Plan>> = { plain, secure, everything };

for (const [name, target] of Object.entries(heldTargets)) {
  test(`${name}: the files are those that were read and found good`, () => {
    for (const [title, plan] of Object.entries(plans)) {
      for (const { path, text } of target.export(plan, optionsFor(plan)).files) {
        const golden = join(root, 'test/golden/exporters', name, title, path);
        if (process.env.HOLDFAST_GOLDEN === 'write') {
          mkdirSync(dirname(golden), { recursive: true });
          writeFileSync(golden, text);
        }
        assert.equal(
          text,
          existsSync(golden) ? readFileSync(golden, 'utf8') : '',
          `${golden}: HOLDFAST_GOLDEN=write`,
        );
      }
    }
  });
}
