/** Builds the page into dist/dashboard/page: `vite build --config src/dashboard/page/vite.config.ts`. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  // It is mounted below any prefix, so that nothing may name the root of the host.
  base: './',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: here('../../../dist/dashboard/page'),
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy knows neither inline scripts nor fonts and pictures inside of styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
