/** Which blocks a region takes in, and where it cuts them. */
import assert from 'node:assert/strict';
import { type Block, Mode } from '../ir/block';
import { Lifter } from '../lift/block';
import { openAccounts } from './accounts';
import { reversePostorder } from './order';
import { formRegion, type Region } from './region';

const MODE = Mode.CODE64 | Mode.LONG | Mode.FLAT | Mode.STACK32;

/** The region around offset `hot` of a page's code; there are blocks at the given offsets. */
function region(hex: string, hot: number, offsets: readonly number[]): Region {
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const available = new Map(
    offsets.map((offset): [number, Block] => {
      const lifted = new Lifter().liftBlock(bytes.subarray(offset), MODE, () => undefined)!;
      return [offset, { ...lifted, page: 0, secondPage: -1, mode: MODE, valid: true, loaded: 1 }];
    }),
  );
  return formRegion(available.get(hot)!, hot, available, []);
}

const offsets = (r: Region): number[] => r.blocks.map((b) => b.offset);

describe('regions', () => {
  // 0: inc eax; 2: inc ecx; 4: dec edx; 6: jnz 0
  const LOOP = 'ffc0 ffc1 ffca 75f8 90';

  it('are not cut where execution once stopped inside a block', () => {
    const { blocks, loops } = region(LOOP, 0, [0, 2, 4, 6]);
    assert.deepEqual(
      blocks.map((b) => [b.offset, b.instructions, b.ends]),
      [[0, 4, 'control']],
    );
    assert.deepEqual(loops, [{ first: 0, last: 0 }]);
  });

  it('are cut where control comes from elsewhere in the region', () => {
    // 0: inc eax; 2: inc ecx; 4: dec edx; 6: jnz 2; 8: jmp 0
    const { blocks } = region('ffc0 ffc1 ffca 75fa ebf6', 0, [0, 2, 4, 8]);
    assert.deepEqual(
      blocks.map((b) => [b.offset, b.instructions, b.ends]),
      [
        [0, 1, 'cut'],
        [2, 3, 'control'],
        [8, 1, 'control'],
      ],
    );
  });

  it('may be entered at the hot block, loops’ starts and return addresses only', () => {
    // 0: call 9; 5: dec eax; 7: jnz 0; 9: test ecx, ecx; b: jz f; d: inc ecx; f: ret
    const { blocks } = region('e804000000 ffc8 75f7 85c9 7402 ffc1 c3', 9, [0, 5, 9, 13, 15]);
    assert.deepEqual(
      blocks.filter((b) => b.entry).map((b) => b.offset),
      [9],
    );
    assert.deepEqual(
      offsets(region('e804000000 ffc8 75f7 85c9 7402 ffc1 c3', 0, [0, 5, 9, 13, 15])),
      [0, 5, 9, 13, 15],
    );
  });
});

describe('the order of blocks', () => {
  it('puts a loop’s entry before the part that an address order would put first', () => {
    // 0 falls into the condition 2; the body 1, before it, goes on to it; 3 is after the loop.
    assert.deepEqual(reversePostorder([[2], [2], [1, 3], []]), [0, 2, 1, 3]);
  });

  it('keeps a loop’s blocks together and what leaves it behind them', () => {
    // 1 … 3 are a loop, left for 4 from its middle.
    assert.deepEqual(reversePostorder([[1], [2], [4, 3], [1], []]), [0, 1, 2, 3, 4]);
    assert.deepEqual(reversePostorder([[1], [2], [3, 4], [1], []]), [0, 1, 2, 3, 4]);
  });

  it('has every block, reached or not', () => {
    assert.deepEqual([...reversePostorder([[1], [0], [2], []])].sort(), [0, 1, 2, 3]);
  });
});

describe('accounts of a region', () => {
  const block = (instructions: number, successors: number[], entry = false) => ({
    instructions,
    successors,
    entry,
  });

  it('let a block pay for the longest of what only it leads to', () => {
    const accounts = openAccounts([block(3, [1, 2], true), block(4, [3]), block(9, [3]), block(1, [])]);
    assert.deepEqual(
      accounts.map(({ price, ahead }) => [price, ahead]),
      [
        [12, 9],
        [undefined, 0],
        [undefined, 0],
        [1, 0],
      ],
    );
  });

  it('open anew at entries, loops’ starts and where too much comes together', () => {
    const accounts = openAccounts([
      block(60, [1], true),
      block(60, [2]),
      block(60, [3]),
      block(1, [3, 4]),
      block(1, [], true),
    ]);
    assert.deepEqual(
      accounts.map(({ price }) => price),
      [60, 120, undefined, 1, 1],
    );
  });
});
