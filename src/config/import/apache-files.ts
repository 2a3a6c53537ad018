import { parseApache } from './apache-syntax.ts';
import type { FrontLanguage } from './front-files.ts';

export const apacheLanguage: FrontLanguage = {
  parse: parseApache,
  includes: ({ name, args, body }) =>
    (name === 'include' || name === 'includeoptional') && body === null ? args[0] : undefined,
  isOptional: ({ name }) => name === 'includeoptional',
};
