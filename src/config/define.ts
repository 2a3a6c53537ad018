/** What a configuration file that is a module may export. */
import type { HoldfastConfig } from './config-types.ts';

export interface ConfigContext {
  /** The environment of the shell that runs the command. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type ConfigExport =
  | HoldfastConfig
  | Promise<HoldfastConfig>
  | ((context: ConfigContext) => HoldfastConfig | Promise<HoldfastConfig>);

/** Gives a configuration its types and its completion; it does nothing else. */
export function defineConfig(config: ConfigExport): ConfigExport {
  return config;
}
