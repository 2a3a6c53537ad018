/** Everything that can be exported, by the name that the command takes. */
import { nginxTarget } from './nginx/target.ts';
import type { Target } from './target.ts';

export const targets: Readonly<Record<string, Target>> = {
  nginx: nginxTarget,
};
