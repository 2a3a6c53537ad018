import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasScreen, takesPassingLines, wantsColour, withoutColour } from './style.ts';

const cases: readonly (readonly [isTTY: boolean, env: NodeJS.ProcessEnv, shown: string])[] = [
  [true, {}, 'colour screen passing'],
  [false, {}, ''],
  [true, { NO_COLOR: '1' }, 'screen passing'],
  [true, { NO_COLOR: '' }, 'colour screen passing'],
  [true, { TERM: 'dumb' }, ''],
  [true, { CI: 'true' }, 'colour screen'],
  [true, { CI: 'false' }, 'colour screen passing'],
  [false, { FORCE_COLOR: '1' }, 'colour'],
  [true, { FORCE_COLOR: '0' }, 'screen passing'],
  [true, { FORCE_COLOR: 'false' }, 'screen passing'],
  [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, 'colour'],
  [true, withoutColour({ FORCE_COLOR: '1' }), 'screen passing'],
];

for (const [isTTY, env, expected] of cases) {
  test(`${isTTY ? 'a terminal' : 'a pipe'} with ${JSON.stringify(env)} shows: ${expected || 'lines'}`, () => {
    const shown = {
      colour: wantsColour(isTTY, env),
      screen: hasScreen(isTTY, env),
      passing: takesPassingLines(isTTY, env),
    };
    const names = Object.entries(shown).flatMap(([name, can]) => (can ? [name] : []));
    assert.equal(names.join(' '), expected);
  });
}
