import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEnvFile } from './env-file.ts';

function values(text: string): Readonly<Record<string, string>> {
  const { values, problems } = parseEnvFile(text);
  assert.deepEqual(problems, []);
  return { ...values };
}

test('plain lines', () => {
  assert.deepEqual(values('A=1\nB = two words \n\n# comment\n  export C=3\nD=\nE=a=b#c\nF=x # why'), {
    A: '1',
    B: 'two words',
    C: '3',
    D: '',
    E: 'a=b#c',
    F: 'x',
  });
  assert.deepEqual(values('\uFEFFA=1\r\nB=2\r\n'), { A: '1', B: '2' });
  assert.deepEqual(values('A=1\nA=2'), { A: '2' });
  assert.deepEqual(values(`A=# nothing\nB=$HOME \${X}`), { A: '', B: `$HOME \${X}` });
});

test('quotes', () => {
  assert.deepEqual(values(`A='it is # so \\n' # why\nB="a \\"b\\"\\tc\\\\ \\$ \\x"`), {
    A: 'it is # so \\n',
    B: 'a "b"\tc\\ $ \\x',
  });
  assert.deepEqual(values('KEY="-----BEGIN\nabc\n-----END"\nB=1'), {
    KEY: '-----BEGIN\nabc\n-----END',
    B: '1',
  });
  assert.deepEqual(values(`A=it's\nB=5"`), { A: "it's", B: '5"' });
});

test('bad lines are named by number, without what they hold', () => {
  const { values, problems } = parseEnvFile('A=1\nsecret\nB="x\ny"\n=z\nC="open\nD=2\nE=\'a\' b');
  assert.deepEqual({ ...values }, { A: '1', B: 'x\ny', D: '2' });
  assert.deepEqual(
    problems.map(({ line }) => line),
    [2, 5, 6, 8],
  );
  assert.doesNotMatch(JSON.stringify(problems), /secret/);
});

test('no variable can hold a NUL character', () => {
  for (const text of ['A=x\0y', 'A="x\n\0"'])
    assert.equal(parseEnvFile(text).problems[0]?.text, 'holds a NUL character');
});

test('what is written in double quotes is read back', () => {
  const value = fc.string({ unit: 'binary' }).filter((text) => !/[\0\r\uFEFF]/.test(text));
  fc.assert(
    fc.property(value, (text) => {
      const quoted = text.replace(/["\\$]/g, '\\$&');
      assert.deepEqual(values(`A="${quoted}"\nB=1`), { A: text, B: '1' });
    }),
  );
});

test('any text gives values and problems', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseEnvFile(text)));
});

test('a long value is no problem', () => {
  const long = 'x"\\'.repeat(300_000);
  assert.equal(values(`A="${long.replace(/["\\]/g, '\\$&')}"`).A, long);
});
