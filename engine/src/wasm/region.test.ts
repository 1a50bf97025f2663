/** Which blocks a region takes in, and where it cuts them. */
import assert from 'node:assert/strict';
import { type Block, Mode } from '../ir/block';
import { Lifter } from '../lift/block';
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
