/** The public API of Holdfast. Nothing else is importable. */
export { type ConfigContext, type ConfigExport, defineConfig } from './config/define.ts';
export type { AppConfig, HoldfastConfig, SiteConfig } from './config/schema.ts';
