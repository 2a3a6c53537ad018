export default {
  apps: {
    socketio: {
      run: 'server.js',
      instances: 3,
      sticky: 'auto', // the default: a session over polling stays on the instance that knows it
      drain: '2s', // sessions have so long in a reload; then clients connect again
      env: { NODE_ENV: 'production' },
    },
  },
  sites: {
    '*': { routes: { '/': 'socketio' } },
  },
  listen: { http: 8080 },
};
