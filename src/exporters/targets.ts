/** Everything that can be exported, by the name that the command takes. */
import { haproxyTarget } from './haproxy/target.ts';
import { nginxTarget } from './nginx/target.ts';
import type { Target } from './target.ts';

export const targets: Readonly<Record<string, Target>> = {
  haproxy: haproxyTarget,
  nginx: nginxTarget,
};
