/** What targets whose files belong into a project have in common. */
import { HoldfastError } from '../../errors.ts';
import type { Exporter } from '../exported.ts';
import type { Target } from '../target.ts';

/** @param next what to do with the files, for whoever wanted to install them */
export function projectTarget(
  title: string,
  exporter: Exporter,
  next: string,
  { check, takes, kind = 'platform' }: Partial<Pick<Target, 'check' | 'takes' | 'kind'>> = {},
): Target {
  return {
    title,
    kind,
    export: exporter,
    ...(check && { check }),
    ...(takes && { takes }),
    install() {
      throw new HoldfastError(
        'USAGE',
        `Cannot install files for ${title}: they belong to the project, so write them there with \`-o <dir>\``,
        { hint: next },
      );
    },
  };
}
