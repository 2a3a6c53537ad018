/** How an error looks: one clear line, a hint, and what belongs to it. */
import type { HoldfastError } from '../../errors.ts';
import type { Style } from './style.ts';
import { plain, plainButColours } from './text.ts';

/** More details than this are shown only on request. */
const fewDetails = 24;

export function errorLines(error: HoldfastError, style: Style, options: { verbose: boolean }): string[] {
  const details = error.details.filter((line) => line !== error.message);
  const shown = options.verbose ? details : details.slice(-fewDetails);
  const hidden = details.length - shown.length;
  return [
    `${style.red('hold:')} ${plain(error.message)}`,
    ...(error.hint ? [`  ${style.dim(error.hint)}`] : []),
    ...(hidden > 0 ? [`  ${style.dim(`… ${hidden} more lines before these: add --verbose`)}`] : []),
    ...shown.map((line) => `    ${style.colour ? plainButColours(line) : plain(line)}`),
    ...(options.verbose ? causes(error).map((line) => `  ${style.dim(line)}`) : []),
  ];
}

function causes(error: Error): string[] {
  const { cause } = error;
  if (!(cause instanceof Error)) return [];
  return [`caused by: ${plain(cause.message)}`, ...causes(cause)];
}
