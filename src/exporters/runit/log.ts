/** The log service of an instance, svlogd(8): what the app writes goes through a pipe that runsv holds, so that no line is lost when either ends. */
import type { LogPlan } from '../../config/plan.ts';
import type { ExportedFile } from '../exported.ts';
import type { Service } from '../services/service.ts';

export function logFiles({ name, app }: Service): ExportedFile[] {
  const dir = `/var/log/${name}`;
  return [
    {
      path: `runit/${name}/log/run`,
      mode: 0o755,
      text: [
        '#!/bin/sh',
        `mkdir -p -m 0750 ${dir}`,
        `ln -sf "$PWD/config" ${dir}/config`,
        '# Each line begins with the time, UTC.',
        `exec svlogd -tt ${dir}`,
        '',
      ].join('\n'),
    },
    { path: `runit/${name}/log/config`, mode: 0o644, text: `${config(app.log).join('\n')}\n` },
  ];
}

function config({ rotateBytes, rotateEvery, keep, compress }: LogPlan): string[] {
  return [
    '# svlogd(8): rotate at this size, and keep so many.',
    `s${rotateBytes}`,
    `n${Math.max(1, keep)}`,
    ...(rotateEvery === null
      ? []
      : ['# Also when it is so many seconds old.', `t${rotateEvery === 'hour' ? 3600 : 86_400}`]),
    ...(compress ? ['!gzip'] : []),
  ];
}
