/** The public API of Holdfast. Nothing else is importable. */
import type { Client } from './client/client.ts';
import type { ConnectOptions } from './client/connect.ts';

export type {
  AppConfig,
  EdgeConfig,
  HoldfastConfig,
  ListenConfig,
  SiteConfig,
} from './config/config-types.ts';
export { type ConfigContext, type ConfigExport, defineConfig } from './config/define.ts';
export { type ErrorBody, type ErrorCode, HoldfastError } from './errors.ts';
export type * from './protocol/api.ts';
export type { EventType, HoldfastEvent } from './protocol/events.ts';
export type { Client, ConnectOptions };

/**
 * The daemon of a home, as an object with a method for each thing that `hold` can do.
 *
 * @throws HoldfastError DAEMON_UNREACHABLE, DAEMON_MISMATCH, HOME_UNUSABLE
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  // Loaded when it is called: a config file that imports `defineConfig` has no use for it.
  const client = await import('./client/connect.ts');
  return client.connect(options);
}
