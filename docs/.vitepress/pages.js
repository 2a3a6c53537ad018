/** Every page of the site, in the order in which a person needs them. A page that is not here is told by test/docs. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const docs = new URL('../', import.meta.url);

export const sections = [
  { title: 'Start', pages: ['index.md', 'guide/getting-started.md', 'guide/examples.md'] },
  {
    title: 'Run',
    pages: [
      'guide/reload-and-scale.md',
      'guide/zero-downtime.md',
      'guide/restarts-and-order.md',
      'guide/health.md',
      'guide/reading-a-crash.md',
      'guide/logs.md',
      'guide/jobs-and-watching.md',
      'guide/users-and-limits.md',
      'guide/boot.md',
      'guide/containers.md',
      'guide/shell.md',
    ],
  },
  {
    title: 'Serve',
    pages: [
      'guide/proxies-explained.md',
      'guide/sockets-and-websockets.md',
      'guide/https.md',
      'guide/certificates.md',
      'guide/static-files-and-headers.md',
      'guide/limits.md',
      'guide/traffic.md',
      'guide/egress.md',
    ],
  },
  {
    title: 'Deploy',
    pages: ['guide/deploy.md', 'guide/packages.md', 'guide/variables.md', 'guide/servers.md'],
  },
  {
    title: 'See',
    pages: [
      'guide/dashboard.md',
      'guide/access-log.md',
      'guide/metrics.md',
      'guide/notifications.md',
      'guide/profiling.md',
      'guide/doctor.md',
    ],
  },
  {
    title: 'Coming from',
    pages: [
      'moving-from-pm2.md',
      'moving-from-forever.md',
      'moving-from-nginx-and-systemd.md',
      'moving-from-procfile-and-systemd.md',
    ],
  },
  {
    title: 'In front of it, and underneath',
    pages: [
      'guide/fronts.md',
      ...folder('guide/fronts'),
      'guide/init-systems.md',
      ...folder('guide/init'),
      'guide/cloud.md',
    ],
    folded: true,
  },
  { title: 'Trouble', pages: ['troubleshooting.md'] },
  { title: 'Reference', pages: ['reference/configuration.md', 'reference/commands.md'] },
  { title: 'How it works', pages: ['architecture.md', 'security.md', 'dependencies.md', 'benchmarks.md'] },
  { title: 'Decisions', pages: folder('decisions'), folded: true },
].map((section) => ({ ...section, pages: section.pages.filter((page) => existsSync(new URL(page, docs))) }));

/** The pages of a folder, by name. */
function folder(name) {
  return readdirSync(fileURLToPath(new URL(`${name}/`, docs)))
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => `${name}/${file}`);
}
