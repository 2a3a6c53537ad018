/** One app of a home, and the processes of its slots. */
import assert from 'node:assert/strict';
import type { AppView } from '../../src/protocol/api.ts';
import type { TestHome } from './test-home.ts';

export async function viewOf(home: TestHome, name: string): Promise<AppView> {
  const found = (await home.apps()).find((each) => each.name === name);
  assert.ok(found, name);
  return found;
}

export async function pidsBySlot(home: TestHome): Promise<(number | null)[]> {
  return (await viewOf(home, 'web')).instances.map(({ pid }) => pid);
}
