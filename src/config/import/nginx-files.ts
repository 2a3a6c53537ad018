import type { FrontLanguage } from './front-files.ts';
import { parseNginx } from './nginx-syntax.ts';

export const nginxLanguage: FrontLanguage = {
  parse: parseNginx,
  includes: ({ name, args, body }) => (name === 'include' && body === null ? args[0] : undefined),
  isOptional: () => false,
};
