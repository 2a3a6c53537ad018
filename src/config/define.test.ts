import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HoldfastConfig } from './config-types.ts';
import { defineConfig } from './define.ts';
import type { HoldfastConfig as Inferred } from './schema.ts';

test('defineConfig hands back what it gets', () => {
  const config: HoldfastConfig = { apps: { web: 'server.js' } };
  assert.equal(defineConfig(config), config);
});

/** Read-only lists and records are as good as others. */
type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;

/** The printed types and the schema say the same: this compiles only when each can stand for the other. */
test('the types are those of the schema', () => {
  const printed = (config: Inferred): HoldfastConfig => config;
  const inferred = (config: Writable<HoldfastConfig>): Writable<Inferred> => config;
  const config = { apps: { web: 'server.js' } };
  assert.equal(inferred(config), printed(config));
});

test('mistakes are found by the compiler', () => {
  // @ts-expect-error: no such setting
  const typo: HoldfastConfig = { apps: { web: { run: 'server.js', instnces: 2 } } };
  // @ts-expect-error: run is missing
  const missing: HoldfastConfig = { apps: { web: {} } };
  // @ts-expect-error: not one of the choices
  const choice: HoldfastConfig = { apps: { web: { run: 'server.js', sticky: 'sometimes' } } };
  // @ts-expect-error: no such setting, through defineConfig
  const defined = defineConfig({ aps: {} });
  assert.ok(typo && missing && choice && defined);
});
