/** What to write so that a screen shows other lines than before: only what differs. */

/**
 * Moves (CUP), what clears a line (EL), and lines, see ECMA-48; empty when nothing changed. Cleared beforehand: after a line that is
 * as wide as the screen the cursor stands on its last character.
 */
export function changes(before: readonly string[], after: readonly string[]): string {
  let text = '';
  for (let row = 0; row < Math.max(before.length, after.length); row++) {
    const line = after[row] ?? '';
    if (line !== (before[row] ?? '')) text += `\x1b[${row + 1};1H\x1b[K${line}`;
  }
  return text;
}
