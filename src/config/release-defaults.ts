/** What is said of releases when a configuration says nothing, as the schema's defaults; for plans that no file made. */
import type { ReleaseRules } from '../protocol/release-rules.ts';
import { metricsDefaults } from './metrics-defaults.ts';

export const releaseDefaults: ReleaseRules = {
  build: null,
  migrate: null,
  shared: [],
  assets: [],
  keep: 5,
  smoke: [],
  canary: [],
  canaryStepMs: 60_000,
  bakeMs: 20_000,
  buildUser: null,
  buildEnv: [],
  install: { allowScripts: [], coolDownMs: 86_400_000, audit: null, signatures: true },
  hooks: {},
};

export const projectDefaults = {
  project: 'app',
  release: releaseDefaults,
  deploy: {},
  notify: [],
  metrics: metricsDefaults,
};
