/** The Node of an app: the one that its plan has found, else the one that runs us. Pure. */
import type { AppPlan } from '../config/plan.ts';
import type { Machine } from './machine.ts';

export interface AppNode {
  /** Absolute. */
  readonly path: string;
  readonly version: string;
}

export function nodeOf(
  { node }: Pick<AppPlan, 'node'>,
  machine: Pick<Machine, 'nodePath' | 'nodeVersion'>,
): AppNode {
  // The state of older versions has no `node`.
  return node?.found ?? { path: machine.nodePath, version: machine.nodeVersion };
}
