/** The public API of Holdfast. Nothing else is importable. */

export type {
  AppConfig,
  EdgeConfig,
  HoldfastConfig,
  ListenConfig,
  SiteConfig,
} from './config/config-types.ts';
export { type ConfigContext, type ConfigExport, defineConfig } from './config/define.ts';
