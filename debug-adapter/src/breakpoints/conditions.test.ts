import assert from 'node:assert/strict';
import { parseHitCondition, parseLogMessage } from './conditions';

describe('breakpoint conditions', () => {
  for (const [text, expected] of [
    ['3', [3]],
    ['>= 3', [3, 4, 5, 6]],
    ['<3', [1, 2]],
    ['% 2', [2, 4, 6]],
    ['== 4', [4]],
  ] as const)
    it(`hit count ${text}`, () => {
      const test = parseHitCondition(text);
      assert.deepEqual([1, 2, 3, 4, 5, 6].filter(test), expected);
    });

  it('refuses what is no hit count', () => {
    assert.throws(() => parseHitCondition('often'), /'often' is not a hit count/);
  });

  it('fills expressions into log messages', () => {
    const reader = { register: () => 65n, load: () => undefined, wordSize: 8 };
    const log = parseLogMessage('al={al} {[8]} {', () => undefined);
    assert.equal(log(reader), 'al=0x41 (65) {No memory is mapped at 0x8.} {');
  });
});
