/** Which release several hosts can go back to together. Ids differ from host to host: what counts is the content. */
import { HoldfastError } from '../../errors.ts';
import type { ReleaseRecord } from '../../protocol/release.ts';

export interface HostReleases {
  readonly host: string;
  readonly serving: ReleaseRecord | null;
  /** What it could go back to, the best one first. */
  readonly found: readonly ReleaseRecord[];
}

/**
 * A release that one host has had for a moment, because another one failed, is not it: all must have it.
 *
 * @returns id by host
 * @throws HoldfastError RELEASE_REFUSED, saying how they differ
 */
export function commonRelease(all: readonly HostReleases[]): Map<string, string> {
  const contents = new Set(all.map(({ serving }) => serving?.source.treeHash));
  if (contents.size > 1) throw differ('The hosts serve different releases', all, ({ serving }) => [serving]);
  const [first] = all;
  for (const { source } of first?.found ?? []) {
    const ids = all.map(({ host, found }) => {
      const record = found.find((one) => one.source.treeHash === source.treeHash);
      return record ? ([host, record.id] as const) : null;
    });
    if (ids.every((one) => one !== null)) return new Map(ids);
  }
  throw differ('There is no earlier release that all hosts have', all, ({ found }) => found);
}

function differ(
  message: string,
  all: readonly HostReleases[],
  of: (one: HostReleases) => readonly (ReleaseRecord | null)[],
): HoldfastError {
  return new HoldfastError('RELEASE_REFUSED', message, {
    hint: 'Nothing was changed. `hold deploy` brings all of them to one release; `hold rollback` on a host changes that one only',
    details: all.map((one) => `${one.host}  ${of(one).map(named).join(', ') || 'none'}`),
  });
}

function named(record: ReleaseRecord | null): string {
  if (record === null) return 'none';
  return record.source.subject === null ? record.id : `${record.id} "${record.source.subject}"`;
}
