/** A job of GitLab CI that deploys to servers of one's own: `hold deploy production` (https://docs.gitlab.com/ci/yaml/). */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { onceBefore, type Pipeline, pipelineOf } from '../containers/pipeline.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';

const PATH = '.gitlab/deploy.gitlab-ci.yml';

export function gitlab(plan: Plan, options: ExportOptions): Exported {
  const pipeline = pipelineOf(plan, options);
  const head = comment('#', [
    `Written by \`hold export gitlab\`. Each push to the default branch is deployed, once .gitlab-ci.yml has: include: [{ local: /${PATH} }]`,
    ...onceBefore(pipeline, 'Settings → CI/CD → Variables, with the type File, protected'),
    ...(pipeline.losses.length > 0 ? ['', 'Not in this file:', ...lossLines(pipeline.losses)] : []),
  ]);
  return { files: [{ path: PATH, text: head + job(pipeline), mode: 0o644 }], losses: pipeline.losses };
}

/** As people write it: a script in a YAML file is read best as a block. */
function job({ target, node, getHoldfast, hold }: Pipeline): string {
  const name = JSON.stringify(target);
  const own = JSON.stringify(`deploy-${target}`);
  const lines = ['set -e', ...getHoldfast, ...deployLines(hold)];
  return `${own}:
  stage: deploy
  # It has git and ssh; the slim one has neither.
  image: ${JSON.stringify(`node:${node}`)}
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  environment:
    name: ${name}
  # One at a time, and none is cut off in the middle.
  resource_group: ${own}
  interruptible: false
  timeout: 30 minutes
  variables:
    TARGET: ${name}
  script:
    - |
${lines.map((line) => `      ${line}`).join('\n')}
`;
}

/** The key is in an agent only, for as long as this takes. */
function deployLines(hold: string): string[] {
  return [
    `: "\${DEPLOY_SSH_KEY:?make it a variable of the type File}"`,
    `: "\${DEPLOY_KNOWN_HOSTS:?make it a variable of the type File}"`,
    'install -d -m 700 ~/.ssh',
    '{ cat "$DEPLOY_KNOWN_HOSTS"; echo; } >> ~/.ssh/known_hosts',
    'eval "$(ssh-agent -s)" > /dev/null',
    `trap 'ssh-agent -k > /dev/null' EXIT`,
    `{ cat "$DEPLOY_SSH_KEY"; echo; } | tr -d '\\r' | ssh-add -q -`,
    `${hold} deploy "$TARGET"`,
  ];
}
