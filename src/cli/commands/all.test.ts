import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgram } from '../program.ts';
import { allCommands } from './all.ts';
import { loaders, singleCommand } from './single.ts';

test('every command is found by its name alone, and is the one of the help', async () => {
  const program = createProgram({
    commands: allCommands,
    makeContext: () => assert.fail('no command runs'),
    write: () => undefined,
    width: 80,
  });
  const names = program.commands.map((command) => command.name());
  assert.deepEqual(Object.keys(loaders), names);
  for (const [index, name] of names.entries()) assert.equal(await singleCommand(name), allCommands[index]);
});

test('what is no name of a command is left to the whole program', async () => {
  for (const word of ['end', '--json', 'lss', 'toString', undefined]) {
    assert.equal(await singleCommand(word), undefined);
  }
});
