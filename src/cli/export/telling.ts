/** What a person has to know of what a checker wrote. */

const WRONG = /\b(?:emerg|alert|error|failed|invalid|unknown|refused|cannot|could not)\b/i;

/** The line that says what is wrong: checkers also say what is good, and what they think of the rest. */
export function telling(output: string): string {
  const lines = output.trim().split('\n');
  const found = lines.findIndex((line) => WRONG.test(line));
  const first = Math.max(0, found);
  // Apache says where it is in one line, and what it is in the next.
  return lines.slice(first, lines[first]?.endsWith(':') ? first + 2 : first + 1).join(' ');
}
