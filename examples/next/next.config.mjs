export default {
  output: 'standalone', // a server with only those modules that are used: quick to start, small to deploy
  outputFileTracingRoot: import.meta.dirname, // or Next takes a lockfile further up for the root, and builds into a subfolder
  turbopack: { root: import.meta.dirname },
  compress: false, // the edge does it
  poweredByHeader: false,
};
