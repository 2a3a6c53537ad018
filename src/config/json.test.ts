import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readJson } from './json.ts';
import { SyntaxProblem } from './located.ts';

function syntaxProblem(text: string): string {
  try {
    readJson(text);
  } catch (error) {
    assert.ok(error instanceof SyntaxProblem, String(error));
    return `${error.line}:${error.column} ${error.message}`;
  }
  throw new Error(`${text} should have been refused`);
}

test('mistakes are found where they are', () => {
  assert.equal(
    syntaxProblem('{\n  "a": 1,\n}'),
    '3:1 there is a comma before the end of a list, which JSON does not allow',
  );
  assert.equal(syntaxProblem('{\n  "a" 1}'), '2:7 there is "1" instead of ":"');
  assert.equal(syntaxProblem('{ a: 1 }'), '1:3 there is "a" instead of a setting in double quotes');
  assert.equal(syntaxProblem('[1 2]'), '1:4 there is "2" instead of "," or "]"');
  assert.equal(syntaxProblem('{"a": yes}'), '1:7 there is "yes" instead of a value');
  assert.equal(syntaxProblem('{"a": 1'), '1:8 there is the end of the file instead of "," or "}"');
  assert.equal(syntaxProblem(''), '1:1 there is the end of the file instead of a value');
  assert.equal(syntaxProblem('{} {}'), '1:4 there is "{" instead of the end of the file');
  assert.match(syntaxProblem('{ // x\n}'), /^1:3 there is a comment, which JSON does not allow/);
  assert.match(syntaxProblem('["a\nb"]'), /^1:2 there is a text that is not closed/);
  assert.match(syntaxProblem('["\\x"]'), /invalid escape/);
  assert.match(syntaxProblem('['.repeat(200_000)), /nested more than 100 deep/);
});

test('lines of settings, and of what encloses them when they are missing', () => {
  const { lineOf } = readJson('\uFEFF{\n "a": {\n  "b": [\n   1,\n   2]}\n}');
  assert.equal(lineOf(['a']), 2);
  assert.equal(lineOf(['a', 'b']), 3);
  assert.equal(lineOf(['a', 'b', 1]), 5);
  assert.equal(lineOf(['a', 'c']), 2);
  assert.equal(lineOf(['c']), undefined);
});

test('a setting that is there twice is a problem', () => {
  assert.deepEqual(readJson('{"a":{"b":1,\n"b":2}}').problems, [
    { path: ['a', 'b'], text: 'is there twice, the second time in line 2' },
  ]);
});

test('it accepts what JSON.parse accepts, and nothing else', () => {
  const texts = fc.oneof(
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify(value, null, 2)),
    fc
      .array(
        fc.constantFrom(
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '"a"',
          '1',
          '-',
          '0',
          '.5',
          'e3',
          'true',
          'null',
          ' ',
          '"\\u00"',
        ),
        { maxLength: 8 },
      )
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {
        syntaxProblem(text);
        return;
      }
      assert.deepEqual(readJson(text).value, expected);
    }),
    { numRuns: 500 },
  );
});
