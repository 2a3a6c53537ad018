const year = 'public, max-age=31536000, immutable';

module.exports = {
  apps: {
    next: {
      run: '.next/standalone/server.js',
      instances: 2,
      env: { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: 1 },
    },
  },
  sites: {
    '*': {
      compress: true,
      routes: {
        '/': 'next',
        // The standalone server does not have these files. Their names change with their contents.
        '/_next/static/': { files: '.next/static', cacheControl: year },
      },
    },
  },
  release: { assets: ['.next/static'] }, // those of the last release stay for pages that are still open
  listen: { http: 8080 },
};
