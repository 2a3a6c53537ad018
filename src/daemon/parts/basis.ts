/**
 * What all parts of a daemon are given. Each group of parts is made by one function; parts of a group may refer to each other, later
 * ones too, since nobody calls anybody before all are made. That is why their types are written out.
 */
import type { Clock } from '../../kit/clock.ts';
import type { HomePaths } from '../../protocol/home.ts';

export interface Basis {
  readonly paths: HomePaths;
  readonly version: string;
  readonly clock: Clock;
  /** ISO 8601; when this daemon started. */
  readonly startedAt: string;
}
