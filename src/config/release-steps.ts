import type { StepName } from '../protocol/release-rules.ts';

/** The steps of a deploy, in their order. */
export const releaseSteps = [
  'check',
  'unpack',
  'install',
  'build',
  'seal',
  'migrate',
  'trial',
  'canary',
  'rollout',
  'bake',
] as const satisfies readonly StepName[];
