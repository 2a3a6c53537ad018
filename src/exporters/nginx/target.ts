import { join } from 'node:path';
import { addressesIn, listens, nobodyElseListens } from '../listening.ts';
import type { Target } from '../target.ts';
import { nginx } from './nginx.ts';

export const nginxTarget: Target = {
  title: 'nginx',
  kind: 'front',
  export: nginx,
  check(files, dir) {
    const includes = files.map(({ path }) => `  include "${join(dir, path)}";\n`).join('');
    const text = `pid "${join(dir, 'nginx.pid')}";\nevents {}\nhttp {\n${includes}}\n`;
    return {
      around: [{ path: 'nginx-check.conf', text, mode: 0o644 }],
      commands: [['nginx', '-t', '-q', '-e', 'stderr', '-c', join(dir, 'nginx-check.conf')]],
      trouble: /\[(?:warn|emerg|alert|crit)\]/,
    };
  },
  install(files, name) {
    const addresses = addressesIn(files, /^\s*listen ([^\s;]+)/gm);
    return {
      files: files.map(({ text, mode }) => ({ path: `/etc/nginx/conf.d/${name}.conf`, text, mode })),
      check: [['nginx', '-t', '-q'], nobodyElseListens('nginx', addresses)],
      reload: [['nginx', '-s', 'reload']],
      confirm: [listens('nginx', addresses)],
      notes: [],
    };
  },
};
