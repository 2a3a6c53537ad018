/** What `hold deploy` and `hold receive` on a host say to each other. Each request has one answer; in between, the host tells how it goes. */
import type { ErrorBody } from '../../errors.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { ReleaseRecord, SourceRecord, StepRecord } from '../../protocol/release.ts';
import type { TreeEntry } from '../tree.ts';

export type Request =
  /** Takes the deploy lock, for as long as the connection is there. Answered by `state`. */
  | { readonly type: 'lock'; readonly by: ReleaseRecord['by'] }
  /** Answered by `same`, or by `missing`; after the contents by `made`. */
  | MakeRequest
  /** Answered by `done`. */
  | { readonly type: 'migrate' }
  /** What was made gets the traffic. Answered by `serves`. */
  | { readonly type: 'promote' }
  /** Null = what served when the lock was taken. Answered by `serves`. */
  | { readonly type: 'rollback'; readonly release: string | null }
  /** The release that was typed, or all that have served before, the last one first. Answered by `found`. */
  | { readonly type: 'find'; readonly release: string | null }
  | { readonly type: 'bye' };

export interface MakeRequest {
  readonly type: 'make';
  readonly source: SourceRecord;
  readonly entries: readonly TreeEntry[];
  readonly notes: readonly string[];
  /** Relative to the source; null = the usual names. */
  readonly config: string | null;
  readonly allowNew: readonly string[];
  readonly offline: boolean;
  /** Also when the same content serves already. */
  readonly again: boolean;
}

export type Answer =
  | { readonly type: 'state'; readonly serving: ReleaseRecord | null }
  /** The very content serves already. */
  | { readonly type: 'same' }
  /** Positions in the tree of contents that must be sent: one compressed stream of all of them, in this order. */
  | { readonly type: 'missing'; readonly files: readonly number[] }
  | { readonly type: 'made'; readonly record: ReleaseRecord }
  | { readonly type: 'done' }
  | { readonly type: 'serves'; readonly record: ReleaseRecord }
  | { readonly type: 'found'; readonly records: readonly ReleaseRecord[] }
  | { readonly type: 'failed'; readonly error: ErrorBody };

/** How it goes. */
export type Note =
  | { readonly type: 'begin'; readonly record: ReleaseRecord }
  | { readonly type: 'step'; readonly step: StepRecord }
  | { readonly type: 'line'; readonly line: string }
  | { readonly type: 'event'; readonly event: HoldfastEvent };

/** The first words of a host: whether both speak the same. */
export interface Hello {
  readonly type: 'hello';
  readonly version: string;
  /** Its own name. */
  readonly host: string;
}

export type FromHost = Hello | Note | Answer;

const notes: readonly string[] = ['begin', 'step', 'line', 'event'] satisfies Note['type'][];

export function isNote(message: FromHost): message is Note {
  return notes.includes(message.type);
}
