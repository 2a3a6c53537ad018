export default {
  apps: {
    ws: {
      run: 'server.js',
      instances: 2,
      drain: '2s', // open WebSockets have so long in a reload; then they are closed with code 1012
      env: { NODE_ENV: 'production' },
    },
  },
  sites: {
    '*': { routes: { '/': 'ws' } },
  },
  listen: { http: 8080 },
};
