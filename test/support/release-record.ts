/** The record of a release, with nothing in it but what a test wants. */
import type { ReleaseRecord } from '../../src/protocol/release.ts';

export function releaseRecord(id: string, more: Partial<ReleaseRecord> = {}): ReleaseRecord {
  const nothing = { ref: null, commit: null, author: null, subject: null, dirty: false };
  return {
    id,
    project: 'shop',
    createdAt: '2026-11-23T12:00:00.000Z',
    outcome: 'made',
    reason: null,
    source: { kind: 'directory', from: '/src', ...nothing, treeHash: id },
    by: { user: 'ann', host: 'laptop', via: 'local' },
    config: 'holdfast.config.json',
    node: null,
    packages: null,
    steps: [],
    servedFrom: null,
    servedUntil: null,
    ...more,
  };
}
