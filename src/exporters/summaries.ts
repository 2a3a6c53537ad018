/** What can be exported, one line each, for help: it is printed without loading what writes the files. */
export interface Summaries {
  readonly title: string;
  readonly of: Readonly<Record<string, string>>;
}

export const summaries: readonly Summaries[] = [
  {
    title: 'Servers in front of the apps',
    of: {
      nginx: 'one file with all upstreams and servers',
      apache: 'one file with all pools and virtual hosts',
      caddy: 'a Caddyfile with all sites',
      haproxy: 'one file with all frontends and backends',
      traefik: 'static and dynamic configuration',
    },
  },
  {
    title: 'Inits and supervisors that start the apps',
    of: {
      systemd: 'units, sockets and timers',
      runit: 'service directories',
      s6: 'service directories',
      's6-rc': 'definitions of services',
      openrc: 'scripts for /etc/init.d',
      upstart: 'files for /etc/init',
      launchd: 'property lists for macOS',
      supervisord: 'programs of supervisord',
      procfile: 'a Procfile, for foreman and the like',
    },
  },
  {
    title: 'Containers and platforms',
    of: {
      dockerfile: 'a Dockerfile with an image for each app',
      compose: 'services of Docker Compose',
      swarm: 'a stack of Docker Swarm',
      kubernetes: 'Deployments, Services and an Ingress',
      nomad: 'jobs of Nomad',
      cloudrun: 'services of Google Cloud Run',
      ecs: 'a CloudFormation template for Amazon ECS',
      elasticbeanstalk: 'settings of AWS Elastic Beanstalk',
      fly: 'fly.toml for each app',
      heroku: 'a Procfile and app.json, also for Dokku',
      railway: 'railway.toml for each app',
      render: 'a Blueprint of Render',
    },
  },
  {
    title: 'Pipelines that run `hold deploy`',
    of: { github: 'a workflow of GitHub Actions', gitlab: 'a job of GitLab CI' },
  },
  {
    title: 'What shows the numbers of `metrics`',
    of: { grafana: 'a dashboard of Grafana' },
  },
];

/** Whose name or text has the word in it: `docker` is in those of dockerfile, compose and swarm. */
export function targetsAbout(word: string): string[] {
  const part = word.toLowerCase();
  if (part.length < 2) return [];
  return summaries.flatMap(({ of }) =>
    Object.entries(of).flatMap(([name, text]) =>
      `${name} ${text}`.toLowerCase().includes(part) ? [name] : [],
    ),
  );
}

/** For the end of a help text. */
export function summaryLines(): string[] {
  const all = summaries.flatMap(({ of }) => Object.keys(of));
  const width = Math.max(...all.map((name) => name.length));
  return summaries.flatMap(({ title, of }, index) => [
    ...(index > 0 ? [''] : []),
    `${title}:`,
    ...Object.entries(of).map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
  ]);
}
