/** Values that look secret are in no exported file: a person puts them into a file of their own, which only root can read. */
import type { AppPlan } from '../../config/plan.ts';
import type { ExportedFile, ExportOptions } from '../exported.ts';
import { type Service, serviceName } from './service.ts';

/** Where the file belongs: one for all instances of an app. */
export function envFilePath(app: AppPlan, options: Pick<ExportOptions, 'name'>): string {
  return `/etc/${options.name}/${serviceName(app.name, options)}.env`;
}

/**
 * One for each app that has such variables.
 *
 * @param export_ whether a shell reads it: `export NAME=`
 */
export function envFiles(
  dir: string,
  services: readonly Service[],
  options: Pick<ExportOptions, 'name'>,
  words: { readonly before: string; readonly syntax: string },
): ExportedFile[] {
  return services
    .filter(({ slot, env }) => slot === 0 && env.secret.length > 0)
    .map(({ app, env }) => ({
      path: `${dir}/${serviceName(app.name, options)}.env`,
      mode: 0o600,
      once: true,
      text: [
        `# Variables of ${serviceName(app.name, options)} whose values look secret. Take the \`#\` away and put them in;`,
        `# ${words.syntax}. Exporting again does not change this file once it is installed.`,
        ...env.secret.map((name) => `#${words.before}${name}=`),
        '',
      ].join('\n'),
    }));
}
