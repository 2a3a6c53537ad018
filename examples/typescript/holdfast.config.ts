/** Node 22.18 and newer run TypeScript as it is; for older ones `npm run build` has made JavaScript of it. */
const runsTypeScript: boolean = 'typescript' in process.features && Boolean(process.features.typescript);

export default {
  apps: {
    typescript: {
      run: runsTypeScript ? 'src/server.ts' : ['node', '--enable-source-maps', 'dist/server.js'],
      instances: 2,
      env: { NODE_ENV: 'production' },
    },
  },
  sites: {
    '*': { routes: { '/': 'typescript' } },
  },
  listen: { http: 8080 },
};
