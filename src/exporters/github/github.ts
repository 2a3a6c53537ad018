/** A workflow of GitHub Actions that deploys to servers of one's own: `hold deploy production` (https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax). */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { onceBefore, type Pipeline, pipelineOf } from '../containers/pipeline.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';

export function github(plan: Plan, options: ExportOptions): Exported {
  const pipeline = pipelineOf(plan, options);
  const head = comment('#', [
    'Written by `hold export github`. Commit it, and each push to main is deployed.',
    ...onceBefore(pipeline, `Settings → Environments → ${pipeline.target}, as secrets`),
    ...(pipeline.losses.length > 0 ? ['', 'Not in this file:', ...lossLines(pipeline.losses)] : []),
  ]);
  return {
    files: [{ path: '.github/workflows/deploy.yml', text: head + workflow(pipeline), mode: 0o644 }],
    losses: pipeline.losses,
  };
}

/** As people write it: a script in a YAML file is read best as a block. */
function workflow({ target, node, getHoldfast, hold }: Pipeline): string {
  const name = JSON.stringify(target);
  return `name: Deploy
on:
  push:
    branches: [main]
  workflow_dispatch:
permissions:
  contents: read
# One at a time, and none is cut off in the middle.
concurrency:
  group: ${JSON.stringify(`deploy-${target}`)}
  cancel-in-progress: false
jobs:
  deploy:
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    environment: ${name}
    env:
      TARGET: ${name}
    steps:
      - uses: actions/checkout@v6
        with:
          persist-credentials: false
      - uses: actions/setup-node@v6
        with:
          node-version: ${JSON.stringify(node)}
          package-manager-cache: false
      - name: Get Holdfast
        run: |
${indented(getHoldfast)}
      - name: Deploy
        env:
          DEPLOY_SSH_KEY: \${{ secrets.DEPLOY_SSH_KEY }}
          DEPLOY_KNOWN_HOSTS: \${{ secrets.DEPLOY_KNOWN_HOSTS }}
        run: |
${indented(deployLines(hold))}
`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `          ${line}`).join('\n');
}

/** The key is in an agent only, for as long as this takes; nothing that is started sees it. */
function deployLines(hold: string): string[] {
  return [
    `: "\${DEPLOY_SSH_KEY:?make it a secret of this environment}"`,
    `: "\${DEPLOY_KNOWN_HOSTS:?make it a secret of this environment}"`,
    'install -d -m 700 ~/.ssh',
    `printf '%s\\n' "$DEPLOY_KNOWN_HOSTS" >> ~/.ssh/known_hosts`,
    'eval "$(ssh-agent -s)" > /dev/null',
    `trap 'ssh-agent -k > /dev/null' EXIT`,
    `printf '%s\\n' "$DEPLOY_SSH_KEY" | tr -d '\\r' | ssh-add -q -`,
    'unset DEPLOY_SSH_KEY DEPLOY_KNOWN_HOSTS',
    `${hold} deploy "$TARGET"`,
  ];
}
