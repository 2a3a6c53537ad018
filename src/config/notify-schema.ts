/** Webhooks. */
import { resolve } from 'node:path';
import { z } from 'zod';
import type { NotifyRules } from '../protocol/notify-rules.ts';
import { described, optional, withDefault } from './describe.ts';
import { choice, kind, Refusal, text } from './kinds.ts';
import type { Problem } from './problems.ts';
import { webhookProblem } from './webhook.ts';

const topics = [
  'deploys',
  'crashes',
  'jobs',
  'certificates',
  'disk',
  'errors',
  'health',
  'daemon',
] as const satisfies readonly NotifyRules['on'][number][];

const address = kind<string>({
  title: 'URL',
  expected: '"https://…", or "file:" and the path of a file with the URL in it',
  json: { type: 'string', pattern: '^(https?://|file:).+' },
  read(input) {
    if (typeof input !== 'string') return undefined;
    if (input.startsWith('file:')) return input.length > 'file:'.length ? input : undefined;
    const problem = webhookProblem(input);
    return problem === null ? input : new Refusal(`must be ${problem}`);
  },
});

const hook = z.strictObject({
  url: described(address, {
    says:
      'Where messages are sent to. Such an address is most often a secret by itself: `file:` and the path of a file that has it keeps it ' +
      'out of this file',
    example: 'file:/etc/shop/slack-url',
  }),
  on: withDefault(z.array(choice(...topics)).min(1), [...topics], {
    says: 'Of what. Left out: of all of these',
    example: ['deploys', 'crashes'],
  }),
  style: withDefault(choice('slack', 'json'), 'slack', {
    says: '`slack`: what Slack, Mattermost and others show. `json`: the event with all its facts, for programs',
  }),
  secret: optional(text('path', 'the path of a file'), {
    says: 'A file with a secret, with which messages are signed (HMAC-SHA256) in the field `Holdfast-Signature`',
  }),
});

export const notifySettings = withDefault(z.array(hook).max(20), [], {
  says: 'Webhooks: who is told when a deploy has ended, an app keeps crashing, a certificate or the disk needs somebody',
  example: [{ url: 'file:/etc/shop/slack-url', on: ['deploys', 'crashes'] }],
});

export function completeNotify(
  settings: z.output<typeof notifySettings>,
  root: string,
  problems: Problem[],
): NotifyRules[] {
  return settings.map(({ url, on, style, secret }, index) => {
    if (style === 'slack' && secret !== undefined) {
      problems.push({
        path: ['notify', index, 'secret'],
        text: 'is for `style: "json"`: Slack does not look at signatures',
      });
    }
    const file = url.startsWith('file:') ? url.slice('file:'.length).replace(/^\/\/(?=\/)/, '') : null;
    return {
      to: file === null ? { url } : { file: resolve(root, file) },
      on: [...new Set(on)],
      style,
      secret: secret === undefined ? null : resolve(root, secret),
    };
  });
}
