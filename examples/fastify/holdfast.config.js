export default {
  apps: {
    fastify: {
      run: 'server.js',
      instances: 2,
      health: '/healthz',
      env: { NODE_ENV: 'production' },
    },
  },
  sites: {
    '*': { requestId: true, routes: { '/': 'fastify' } },
  },
  listen: { http: 8080 },
};
