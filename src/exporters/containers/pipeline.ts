/** What pipelines that deploy with Holdfast have in common: which target they are for, and how they get Holdfast and Node. */
import type { Plan } from '../../config/plan.ts';
import type { ExportOptions, Loss } from '../exported.ts';
import { nodeVersion, npmProject, packagesOf } from './node-image.ts';

export interface Pipeline {
  /** What `hold deploy` takes. */
  readonly target: string;
  readonly hosts: readonly string[];
  readonly node: string;
  /** Lines of sh. */
  readonly getHoldfast: readonly string[];
  /** As words of sh. */
  readonly hold: string;
  readonly losses: readonly Loss[];
}

/** `production` if there is such a target, else the first one. */
export function pipelineOf(plan: Plan, { project = npmProject }: ExportOptions): Pipeline {
  const targets = Object.values(plan.deploy);
  const target = plan.deploy.production ?? targets[0];
  const others = targets.filter((one) => one !== target);
  const packages = packagesOf(project, []);
  const isOwn = project.holdfast === null;
  return {
    target: target?.name ?? 'production',
    hosts: target?.hosts ?? [],
    node: nodeVersion(plan, project),
    getHoldfast: isOwn
      ? [...(packages.prepare === null ? [] : [packages.prepare]), packages.install]
      : [`npm install --global --ignore-scripts holdfast@${project.holdfast ?? 'latest'}`],
    hold: isOwn ? 'node_modules/.bin/hold' : 'hold',
    losses: [
      ...(target
        ? []
        : [
            {
              setting: 'deploy',
              text: 'the config file names no hosts: say them, such as deploy: { production: { hosts: ["deploy@app1"] } }',
            },
          ]),
      ...others.map(({ name }) => ({
        setting: `deploy.${name}`,
        text: 'it is not in the file: copy it, with another name, branch and secrets',
      })),
    ],
  };
}

/** What a person does once, for the head of the file. @param place where secrets are kept there */
export function onceBefore({ hosts }: Pipeline, place: string): string[] {
  const names = hosts.map(hostName);
  return [
    `Once before, in ${place}:`,
    '- DEPLOY_SSH_KEY: a private key without a passphrase that is used for nothing else (ssh-keygen -t ed25519 -f deploy-key -N ""); its public half into ~/.ssh/authorized_keys of the hosts',
    `- DEPLOY_KNOWN_HOSTS: the keys of the hosts, from a machine that knows them already${names.length > 0 ? `: ${names.map((name) => `ssh-keygen -F ${name}`).join('; ')}` : ' (ssh-keygen -F <host>)'}`,
    'A host must have its real name or address in the config file: ~/.ssh/config of your machine is not there.',
  ];
}

/** As known_hosts has it: the port counts only in `ssh://deploy@app1:2222`. */
function hostName(host: string): string {
  const [, name, port] = /^ssh:\/\/(?:[^@]*@)?(.*?)(?::(\d+))?\/?$/.exec(host) ?? [];
  if (name === undefined) return host.replace(/^.*@/, '');
  return port === undefined || port === '22' ? name : `'[${name}]:${port}'`;
}
