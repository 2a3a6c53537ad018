/** A project that is deployed to hosts: an app that says what it is, on a port of its own on each of them. */
import { join } from 'node:path';
import type { Test } from './cleanup.ts';
import { type GitProject, gitProject } from './git-project.ts';
import { type SshHost, type SshHosts, sshHosts } from './ssh-hosts.ts';
import type { Background } from './test-home.ts';
import { type TestHome, testHome } from './test-home.ts';

export interface ShopOptions {
  /** Settings of `release`. */
  readonly release?: object;
  /** More settings of the target `production`, which is all hosts. */
  readonly production?: object;
  /** Further targets besides it. */
  readonly targets?: Readonly<Record<string, object>>;
}

export interface Shop extends SshHosts {
  /** Of whoever deploys. */
  readonly home: TestHome;
  readonly project: GitProject;
  /** The text of its holdfast.config.mjs, with these settings of `release`. */
  config(release?: object): string;
  deploy(...args: string[]): ReturnType<TestHome['run']>;
  inBackground(...args: string[]): Background;
  answers(): Promise<string[]>;
}

/** What the app answers; `ill on app2` ends at once there. */
export const server = (answer: string) => `const http = require('node:http');
if ('${answer}' === 'ill on ' + process.env.NAME) process.exit(3);
http.createServer((req, res) => res.end('${answer}')).listen(process.env.PORT, () => console.log('serves ${answer}'));
`;

/** Undefined, and the test skipped, where there is no sshd. */
export async function shopOnHosts(
  t: Test,
  names: readonly string[],
  { release = {}, targets = {}, production: more = {} }: ShopOptions = {},
): Promise<Shop | undefined> {
  const ssh = await sshHosts(t, names);
  if (!ssh) return undefined;
  const home = testHome(t);
  const production = { hosts: names, command: ssh.command, ...more };
  const others = Object.fromEntries(
    Object.entries(targets).map(([name, target]) => [name, { command: ssh.command, ...target }]),
  );
  const config = (changed: object = {}) => `export default {
  name: 'shop',
  apps: { web: { run: 'server.js', port: Number(process.env.SHOP_PORT ?? 1), env: { NAME: process.env.SHOP_NAME ?? '' } } },
  release: ${JSON.stringify({ bake: 0, ...release, ...changed })},
  deploy: ${JSON.stringify({ production, ...others })},
};`;
  const project = gitProject(join(home.dir, 'shop'), {
    'holdfast.config.mjs': config(),
    'server.js': server('one'),
    'data.txt': 'x'.repeat(200_000),
  });
  const options = { cwd: project.dir, env: ssh.env };
  return {
    ...ssh,
    home,
    project,
    config,
    deploy: (...args) => home.run(['deploy', ...args], options),
    inBackground: (...args) => home.background(['deploy', ...args], options),
    answers: () => Promise.all(ssh.hosts.map(answer)),
  };
}

/** On a connection of its own: one that is open already stays with the release that it began with. */
async function answer({ port }: SshHost): Promise<string> {
  const headers = { connection: 'close' };
  return (await fetch(`http://127.0.0.1:${port}/`, { headers })).text();
}
