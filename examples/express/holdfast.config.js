export default {
  apps: {
    express: {
      run: 'server.js',
      instances: 2,
      health: '/healthz',
      env: { NODE_ENV: 'production' }, // Express caches views and hides stack traces from clients
    },
  },
  sites: {
    '*': {
      security: true,
      compress: true,
      routes: {
        '/': 'express',
        '/assets/': { files: 'public', cacheControl: 'public, max-age=3600' }, // never reaches Node
      },
    },
  },
  listen: { http: 8080 },
};
