import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayWidth, plain, plainButColours, truncate } from './text.ts';

test('the width of a text is what a terminal gives it', () => {
  assert.equal(displayWidth('web'), 3);
  assert.equal(displayWidth('日本'), 4);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('🚀!'), 3);
  assert.equal(displayWidth('👩‍👩‍👧'), 2);
  assert.equal(displayWidth('한글'), 4);
});

test('a text that is too long ends in an ellipsis and never exceeds the width', () => {
  assert.equal(truncate('holdfast', 8), 'holdfast');
  assert.equal(truncate('holdfast', 5), 'hold…');
  assert.equal(truncate('日本語', 4), '日…');
  assert.equal(truncate('日本語', 0), '');
});

test('control sequences of an app do not reach the terminal', () => {
  assert.equal(plain('\x1b[2J\x1b]0;title\x07a\x1b[31mb\x1b[0m'), 'ab');
  assert.equal(plain('a\x08b\x85c'), 'a\ufffdb\ufffdc');
  assert.equal(plain('a\tb\r'), 'a    b');
});

test('colours of an app stay where they are wanted, and end with its line', () => {
  assert.equal(plainButColours('\x1b[31mred\x1b[2J'), '\x1b[31mred\x1b[0m');
  assert.equal(plainButColours('\x1b[2Jnone'), 'none');
  assert.equal(plainButColours('none'), 'none');
});
