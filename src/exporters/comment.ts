/** Comments for people who read what was exported. */

const WIDTH = 110;

/** Lines behind `mark`, folded between words, and an empty line. */
export function comment(mark: string, lines: readonly string[]): string {
  const folded = lines.flatMap((line) => fold(oneLine(line), WIDTH - mark.length));
  return `${folded.map((line) => `${mark} ${line}`.trimEnd()).join('\n')}\n\n`;
}

/** The end of a line, or what some take for one, would end a comment, and a directive that is one line. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function fold(line: string, width: number): string[] {
  const indent = line.startsWith('- ') ? '  ' : '';
  const done: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const at = rest.lastIndexOf(' ', width);
    if (at <= indent.length) break;
    done.push(rest.slice(0, at));
    rest = indent + rest.slice(at + 1);
  }
  return [...done, rest];
}
