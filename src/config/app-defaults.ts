/**
 * What an app has when nothing is said of it, as the schema's defaults say. For plans that no configuration file made: the
 * edge's, those of tests, and those that an older version stored.
 */
import type { AcmePlan, AppPlan, EdgePlan } from './plan.ts';
import { http2Defaults, MEMORY_BYTES, upstreamDefaults } from './traffic-defaults.ts';

const MB = 1024 * 1024;

export const appDefaults = {
  project: null,
  release: null,
  apart: false,
  node: null,
  instances: 1,
  env: {},
  baseEnv: {},
  secrets: {},
  namespace: null,
  after: [],
  autostart: true,
  port: null,
  portStep: 0,
  guest: true,
  stdin: false,
  ready: { by: 'auto' },
  readyTimeoutMs: 30_000,
  health: null,
  watchdogMs: null,
  stop: { signal: 'SIGTERM', timeoutMs: 10_000, message: false, ends: 'tree' },
  drainMs: 30_000,
  restart: {
    when: 'always',
    stopCodes: [],
    max: null,
    minUptimeMs: 1000,
    early: 'retry',
    delayMs: 0,
    backoffMinMs: 100,
    backoffMaxMs: 30_000,
    giveUp: { crashes: 10, withinMs: 60_000 },
    at: null,
  },
  job: null,
  watch: null,
  memory: { softBytes: null, hardBytes: null },
  rights: {
    user: null,
    group: null,
    umask: null,
    nice: null,
    oomScore: null,
    ulimits: {},
    cpu: null,
    pids: null,
    permissions: null,
  },
  pidFile: null,
  sticky: 'auto',
  hold: { timeoutMs: 10_000, maxWaiting: 1000 },
  upstream: upstreamDefaults,
  log: {
    rotateBytes: 50 * MB,
    rotateEvery: null,
    keep: 10,
    totalBytes: 1024 * MB,
    compress: true,
    format: 'text',
    overflow: 'wait',
    files: { all: null, out: null, err: null, append: true, merge: false, time: null, style: 'raw' },
    forward: [],
  },
} as const satisfies Omit<AppPlan, 'name' | 'command' | 'cwd'>;

export const acmeDefaults: AcmePlan = {
  directory: 'https://acme-v02.api.letsencrypt.org/directory',
  directoryCa: null,
  email: null,
  eab: null,
  challenge: 'http-01',
};

/** What has been added to the edge's settings since version 0.1. */
export const edgeDefaults = {
  limits: { memoryBytes: MEMORY_BYTES },
  acme: acmeDefaults,
  drainMs: 30_000,
  https: { host: null, port: 8443 },
  http2: http2Defaults,
  proxyProtocol: false,
} as const satisfies Partial<Omit<EdgePlan, 'limits'>> & { limits: Partial<EdgePlan['limits']> };
