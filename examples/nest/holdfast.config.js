module.exports = {
  apps: {
    nest: {
      run: ['node', '--enable-source-maps', 'dist/main.js'],
      instances: 2,
      health: '/healthz',
      env: { NODE_ENV: 'production', NO_COLOR: 1 }, // logs without colour codes
    },
  },
  sites: {
    '*': { security: true, compress: true, routes: { '/': 'nest' } },
  },
  listen: { http: 8080 },
};
