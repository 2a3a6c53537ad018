import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitWords } from './shell-words.ts';

function words(line: string): readonly string[] {
  const result = splitWords(line);
  assert.ok('words' in result, JSON.stringify(result));
  return result.words;
}

function problem(line: string): string {
  const result = splitWords(line);
  assert.ok('problem' in result, `${line} should have been refused, gave ${JSON.stringify(result)}`);
  return result.problem;
}

test('words are split and quotes are taken off as a shell does', () => {
  assert.deepEqual(words('node server.js --a=1'), ['node', 'server.js', '--a=1']);
  assert.deepEqual(words(`a 'b c' "d e" f\\ g`), ['a', 'b c', 'd e', 'f g']);
  assert.deepEqual(words(`a"b"'c'd ""`), ['abcd', '']);
  assert.deepEqual(words(`"a \\"b\\" \\n \\$X"`), ['a "b" \\n $X']);
  assert.deepEqual(words(`'$(x) | & \\'`), ['$(x) | & \\']);
  assert.deepEqual(words('a#b c'), ['a#b', 'c']);
  assert.deepEqual(words('  '), []);
});

test('only the port is left for later', () => {
  assert.deepEqual(words('serve -p $PORT'), ['serve', '-p', '$PORT']);
  assert.deepEqual(words(`serve --port="\${PORT}" :$PORT/`), ['serve', `--port=\${PORT}`, ':$PORT/']);
  assert.deepEqual(words('cost 5$ $'), ['cost', '5$', '$']);
  for (const line of ['a $HOME', `a \${HOME}`, 'a "$HOME"', 'a $PORTS', 'a $1', 'a $?', `a \${PORT:-1}`]) {
    assert.match(problem(line), /only "\$PORT" is replaced/, line);
  }
});

test('what needs a shell is refused, and a shell is named', () => {
  for (const line of [
    'a | b',
    'a && b',
    'a;b',
    'a > b',
    'a 2>&1',
    'a < b',
    'a &',
    '(a)',
    'a `b`',
    'a $(b)',
    'a "$(b)"',
    'a "`b`"',
    'a\nb',
    'a # b',
  ]) {
    assert.match(problem(line), /"sh", "-c"/, line);
  }
  assert.match(problem(`a 'b`), /not closed/);
  assert.match(problem('a "b'), /not closed/);
  assert.match(problem('a \\'), /backslash/);
});

test('a real shell splits the same words', () => {
  const piece = fc.constantFrom(
    'a',
    'b c',
    '"',
    "'",
    '\\',
    ' ',
    '  ',
    'x=1',
    '"q r"',
    "'s t'",
    '\\"',
    '#',
    '$PORT',
    'é',
  );
  const lines = fc.sample(
    fc.array(piece, { maxLength: 8 }).map((pieces) => `x${pieces.join('')}`),
    300,
  );
  const understood = lines.flatMap((line) => {
    const result = splitWords(line);
    return 'words' in result ? [{ line, words: result.words }] : [];
  });
  assert.ok(understood.length > 50);
  const script = understood.map(({ line }) => `printf '%s\\0' ${line}; printf '\\1\\0'`).join('\n');
  const output = execFileSync('sh', ['-c', script], { encoding: 'utf8', env: { PORT: '$PORT' } });
  const byShell = output
    .split('\u0001\0')
    .slice(0, -1)
    .map((text) => text.split('\0').slice(0, -1));
  assert.deepEqual(
    byShell,
    understood.map(({ words }) => [...words]),
  );
});

test('any text gives words or a problem', () => {
  fc.assert(fc.property(fc.string(), (line) => void splitWords(line)));
});
