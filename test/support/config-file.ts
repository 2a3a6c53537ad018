import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HoldfastConfig } from '../../src/config/config-types.ts';
import type { TestHome } from './test-home.ts';

/** Writes the configuration that `hold up` finds in the scratch directory of the home. */
export function configure(home: TestHome, config: HoldfastConfig): void {
  writeFileSync(join(home.dir, 'holdfast.config.json'), JSON.stringify(config));
}
