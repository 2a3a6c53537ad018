// `hold up -f holdfast.config.js` makes the machine look like this; run it again after every change.
export default {
  apps: {
    chat: {
      run: 'server.js',
      instances: 3,
      sticky: 'auto', // Socket.IO over polling stays on the instance that knows it
      drain: '2s', // in a reload, open WebSockets have so long; then the page connects to a new instance
    },
  },
  sites: {
    '*': { routes: { '/': 'chat' } },
  },
  listen: { http: Number(process.env.CHAT_PORT ?? 8080) },
};
