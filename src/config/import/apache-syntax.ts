/** Reads files of Apache as "Configuration Files" of its manual describes them: one directive a line, sections, continued lines, quotes. Never fails: what is wrong is told, with its line. */
import { type FrontTree, FrontTreeBuilder } from './front-tree.ts';

export function parseApache(text: string, file: string): FrontTree {
  const tree = new FrontTreeBuilder(file);
  for (const { text: source, line } of logicalLines(text)) {
    if (source.startsWith('</')) {
      const name = /^<\/\s*([^\s>]+)\s*>$/.exec(source)?.[1]?.toLowerCase();
      const open = tree.inside?.name;
      if (name === undefined) tree.problem(line, `${shown(source)} is no end of a section`);
      else if (open !== undefined && open !== name)
        tree.problem(line, `"</${name}>" stands where "</${open}>" is due`);
      else if (!tree.close()) tree.problem(line, `there is a "</${name}>" and nothing that it closes`);
    } else if (source.startsWith('<')) {
      const [, name, rest] = /^<\s*([A-Za-z]\w*)\s*(.*?)\s*>$/s.exec(source) ?? [];
      if (name === undefined || rest === undefined)
        tree.problem(line, `${shown(source)} is no section: it must be "<Name …>"`);
      else tree.open(name.toLowerCase(), wordsOf(rest, line, tree), line);
    } else {
      const [, name, rest = ''] = /^([A-Za-z]\w*)(?:\s+(.*))?$/s.exec(source) ?? [];
      if (name === undefined) tree.problem(line, `${shown(source)} is no directive`);
      else tree.add(name.toLowerCase(), wordsOf(rest, line, tree), line);
    }
  }
  return tree.end(({ name }) => `the section "<${name}>" is not closed with "</${name}>"`);
}

/** A backslash at the end of a line joins it with the next one. Comments have lines of their own. */
function logicalLines(text: string): { readonly text: string; readonly line: number }[] {
  const lines: { text: string; line: number }[] = [];
  let open: string[] = [];
  let first = 1;
  const end = () => {
    const whole = open.join('').trim();
    open = [];
    if (whole !== '' && !whole.startsWith('#')) lines.push({ text: whole, line: first });
  };
  text.split(/\r?\n/).forEach((raw, index) => {
    if (open.length === 0) first = index + 1;
    const goesOn = raw.endsWith('\\') && !raw.endsWith('\\\\');
    open.push(goesOn ? raw.slice(0, -1) : raw);
    if (!goesOn) end();
  });
  end();
  return lines;
}

/** As ap_getword_conf() does: quotes hold blanks, and within them a backslash keeps the quote. */
function wordsOf(text: string, line: number, tree: FrontTreeBuilder): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/\s/.test(char)) at++;
    else if (char === '"' || char === "'") {
      let word = '';
      for (at++; at < text.length && text.charAt(at) !== char; at++) {
        const next = text.charAt(at + 1);
        if (text.charAt(at) === '\\' && (next === char || next === '\\')) at++;
        word += text.charAt(at);
      }
      if (at >= text.length) tree.problem(line, `a ${char} is not closed`);
      at++;
      words.push(word);
    } else {
      let end = at;
      while (end < text.length && !/\s/.test(text.charAt(end))) end++;
      words.push(text.slice(at, end));
      at = end;
    }
  }
  return words;
}

function shown(source: string): string {
  return `"${source.length > 60 ? `${source.slice(0, 60)}…` : source}"`;
}
