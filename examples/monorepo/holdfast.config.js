export default {
  apps: {
    shop: { run: 'apps/shop', instances: 2, env: { NODE_ENV: 'production' } },
    admin: { run: 'apps/admin', env: { NODE_ENV: 'production' } },
  },
  sites: {
    '*': {
      routes: {
        '/': 'shop',
        '/admin/': { to: 'admin', rate: '10/s per ip' },
      },
    },
  },
  listen: { http: 8080 },
};
