import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { runCli } from '../../../test/support/run-cli.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { allCommands } from '../commands/all.ts';
import { createProgram } from '../program.ts';
import { examplesOf } from './examples.ts';
import { everyday, groups } from './groups.ts';
import { manPage } from './manual-page.ts';
import { pathOf, startPage } from './page.ts';

const program = createProgram({
  commands: allCommands,
  makeContext() {
    throw new Error('No command runs here');
  },
  write: () => undefined,
  width: 80,
});

/** Longer than a screen, and why. */
const mayBeLonger: Readonly<Record<string, string>> = {
  '': 'lists all commands',
  export: 'lists all targets',
};

const commands = below(program);

test('the help of a command fits a screen of 80 x 24, and has examples', () => {
  for (const command of [program, ...commands]) {
    const path = pathOf(command);
    const lines = command.helpInformation().trimEnd().split('\n');
    const wide = lines.filter((line) => line.length > 80);
    assert.deepEqual(wide, [], `hold ${path} --help is wider than 80 columns`);
    if (!Object.hasOwn(mayBeLonger, path))
      assert.ok(lines.length <= 24, `hold ${path} --help has ${lines.length} lines`);
  }
  const start = startPage(program, program.createHelp()).split('\n');
  assert.ok(start.length <= 24 && start.every((line) => line.length <= 80), start.join('\n'));
});

test('options of all commands are named once: in the help of hold', () => {
  assert.match(program.helpInformation(), /--no-color/);
  for (const command of commands) {
    const help = command.helpInformation();
    assert.doesNotMatch(help, /--no-color|-h, --help/, pathOf(command));
    assert.match(help, /Options of all commands: hold --help\n$/, pathOf(command));
  }
});

test('every example is a command that there is, with options that it has', () => {
  // Those print a help of their own.
  const without = ['forever', 'pm2'];
  for (const command of commands) {
    const path = pathOf(command);
    const all = examplesOf(path);
    if (without.includes(path)) continue;
    assert.ok(all.length > 0 && all.length <= 3, `hold ${path} has ${all.length} examples`);
    for (const [line] of all) {
      const [, typed = ''] = /\bhold ([^|)<>]*)/.exec(line) ?? [];
      const [before = ''] = typed.split(' -- ');
      const words = before.trim().split(/ +/);
      const meant = commandOf(program, words);
      assert.ok(pathOf(meant).startsWith(path.split(' ')[0] ?? ''), `"${line}" is no example of ${path}`);
      const flags = words.filter((word) => /^--?[a-z]/.test(word));
      const known = [...meant.options, ...program.options].flatMap(({ long, short }) => [long, short]);
      for (const flag of flags) assert.ok(known.includes(flag), `"${line}": ${flag} is no option`);
    }
  }
});

test('the groups of the help name commands that there are', () => {
  const names = new Set(program.commands.map((command) => command.name()));
  for (const [, group] of [...everyday, ...groups])
    for (const name of group) assert.ok(names.has(name), `there is no command "${name}"`);
});

test('the manual explains every command and option, also those that the help only names', async (t) => {
  const { code, out, err } = await runCli(tempDir(t), ['man']);
  assert.equal(`${code}${err}`, '0');
  for (const command of commands) {
    assert.ok(out.includes(`hold ${pathOf(command)}`), pathOf(command));
    for (const { flags, hidden } of command.options)
      assert.ok(hidden || out.includes(`    ${flags}\n`), flags);
  }
  const one = await runCli(tempDir(t), ['man', 'start']);
  assert.match(
    one.out,
    /^hold start [\s\S]*--watchdog <time>\n +replace an instance[\s\S]*hold start report\.js/,
  );
  const wrong = await runCli(tempDir(t), ['man', 'strat']);
  assert.match(wrong.err, /Unknown command "strat": did you mean "start"\?/);
});

test('the page for man has no line that troff takes for a request, and nothing but ASCII', () => {
  const sections = [{ title: 'it\'s "1"', level: 1, paragraphs: ['.a', "'b", '\\c - …'] } as const];
  assert.match(
    manPage(sections, '1.2.3'),
    /^\.SH "it\\\(aqs \\\(dq1\\\(dq"\n\\&\.a\n\.PP\n\\\(aqb\n\.PP\n\\ec \\- \\\[u2026\]\n$/m,
  );
});

function commandOf(command: Command, [word, ...more]: readonly string[]): Command {
  const found = command.commands.find((each) => each.name() === word);
  return found ? commandOf(found, more) : command;
}

/** All commands that help shows, and theirs. */
function below(command: Command): Command[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.filter((each) => each.name() !== 'help').flatMap((each) => [each, ...below(each)]);
}
