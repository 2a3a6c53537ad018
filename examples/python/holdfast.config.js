export default {
  apps: {
    node: { run: 'server.js', instances: 2, env: { NODE_ENV: 'production' } },
    python: {
      run: 'python3 app.py',
      instances: 2, // each finds a port of its own in PORT
      env: { PYTHONUNBUFFERED: 1 }, // or Python keeps what it prints to itself until it ends
    },
  },
  sites: {
    '*': { routes: { '/': 'node', '/python/': 'python' } },
  },
  listen: { http: 8080 },
};
