import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printEgressRule } from './egress-rule.ts';
import { completeEgress, egressSettings, parseEgressRule } from './egress-schema.ts';
import { Refusal } from './kinds.ts';

test('what is written in an allow list, and how it is printed', () => {
  for (const [written, printed = written] of [
    ['api.stripe.com:443'],
    ['API.Example.com', 'api.example.com'],
    ['*.example.com:8443'],
    ['*'],
    ['*:443'],
    ['example.com:*', 'example.com'],
    ['10.0.0.0/8:5432'],
    ['10.1.2.3'],
    ['10.1.2.3/32:80', '10.1.2.3:80'],
    ['fd00::/8'],
    ['[fd00::]:443'],
    ['[2001:db8::/32]:443'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['localhost:3000'],
  ] as const) {
    const rule = parseEgressRule(written);
    if (rule instanceof Refusal) assert.fail(`${written} ${rule.text}`);
    assert.equal(printEgressRule(rule), printed);
  }
});

test('what means nothing, or two things, is refused', () => {
  const wrong = [
    '',
    ' ',
    'https://example.com',
    'example.com/path',
    'example.com:0',
    'example.com:99999',
    'a b',
  ];
  wrong.push(
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '2130706433',
    '0x7f.1',
    '127.1',
    '*.*.com',
    'a.*.com',
    '[::1',
    'x@y:1',
  );
  for (const text of wrong) assert.ok(parseEgressRule(text) instanceof Refusal, text);
});

test('the proxy’s unix socket: in the home, at a path, or none', () => {
  const read = (socket: unknown) => egressSettings.safeParse({ socket });
  for (const [written, meant] of [
    [true, true],
    [false, null],
    ['/run/shop/../egress.sock', '/run/egress.sock'],
  ] as const)
    assert.deepEqual(completeEgress(read(written).data, [], [])?.socket, meant);
  for (const wrong of ['egress.sock', '/', '/run/', 1, `/${'a'.repeat(100)}`])
    assert.equal(read(wrong).success, false, String(wrong));
});
