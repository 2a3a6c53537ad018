// `hold up -f holdfast.config.js` makes the machine look like this; run it again after every change.
export default {
  apps: {
    chat: { run: 'server.js', instances: 3, sticky: 'auto' },
  },
  sites: {
    '*': { routes: { '/': 'chat' } },
  },
  listen: { http: 8080 },
};
