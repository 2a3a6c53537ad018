/** Everything that can be exported, by the name that the command takes. */
import { apacheTarget } from './apache/target.ts';
import { caddyTarget } from './caddy/target.ts';
import { haproxyTarget } from './haproxy/target.ts';
import { nginxTarget } from './nginx/target.ts';
import { systemdTarget } from './systemd/target.ts';
import type { Target } from './target.ts';

export const targets: Readonly<Record<string, Target>> = {
  caddy: caddyTarget,
  haproxy: haproxyTarget,
  nginx: nginxTarget,
  systemd: systemdTarget,
  apache: apacheTarget,
};
