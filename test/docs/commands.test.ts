/** What the documentation tells people to type exists: every command is parsed, every configuration checked, none of it run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configProblems } from './config-blocks.ts';
import { complaint, holdWords } from './hold-words.ts';
import { type Block, blocks, pages, spans } from './pages.ts';
import { simpleCommands } from './shell-words.ts';

const all = pages();
const allBlocks = all.flatMap(blocks);

/** Commands, or commands with their output; also those whose author has not said so. */
function isShell({ language, text }: Block): boolean {
  return ['sh', 'bash', 'console'].includes(language) || (language === '' && text.startsWith('$ '));
}

test('every command line of the documentation is one that `hold` takes', () => {
  const problems: string[] = [];
  let parsed = 0;
  for (const block of allBlocks.filter(isShell)) {
    for (const { line, text } of typedLines(block)) {
      const place = `${block.file}:${line}`;
      try {
        for (const { words, line: below } of simpleCommands(text)) {
          const wanted = holdWords(words);
          if (wanted === null) continue;
          parsed += 1;
          const wrong = complaint(wanted);
          if (wrong) problems.push(`${block.file}:${line + below}: hold ${wanted.join(' ')}\n    ${wrong}`);
        }
      } catch (error) {
        problems.push(`${place}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  assert.deepEqual(problems, []);
  assert.ok(parsed > 100, `only ${parsed} commands were found`);
});

test('commands within sentences, too', () => {
  const problems: string[] = [];
  let parsed = 0;
  for (const { file, line, text } of all.flatMap(spans)) {
    if (!/^(?:sudo |npx )?hold [a-z]/.test(text)) continue;
    for (const { words } of simpleCommands(text)) {
      const wanted = holdWords(words);
      if (wanted === null) continue;
      parsed += 1;
      const wrong = complaint(wanted);
      // In a sentence a command may be named without what it needs.
      if (wrong && !/missing|is invalid/.test(wrong)) problems.push(`${file}:${line}: ${text}\n    ${wrong}`);
    }
  }
  assert.deepEqual(problems, []);
  assert.ok(parsed > 150, `only ${parsed} commands were found`);
});

test('every configuration of the documentation is one that Holdfast takes', () => {
  const configs = allBlocks.filter(({ language }) => ['js', 'ts', 'json', 'yaml'].includes(language));
  const problems = configs.flatMap((block) => {
    try {
      return configProblems(block).map((problem) => `${block.file}:${block.line}: ${problem}`);
    } catch (error) {
      return [`${block.file}:${block.line}: ${error instanceof Error ? error.message : error}`];
    }
  });
  assert.deepEqual(problems, []);
  assert.ok(configs.length > 40, `only ${configs.length} configurations were found`);
});

/** What a person types: all of it, or what stands behind `$ ` where answers are shown, too. */
function typedLines({ text, line, language }: Block): { line: number; text: string }[] {
  if (language !== 'console' && !text.startsWith('$ ')) return [{ line, text }];
  return text
    .split('\n')
    .map((typed, index) => ({ line: line + index, text: typed }))
    .filter((typed) => typed.text.startsWith('$ '))
    .map((typed) => ({ ...typed, text: typed.text.slice(2) }));
}
