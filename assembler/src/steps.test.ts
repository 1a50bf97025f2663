import { strict as assert } from 'node:assert';
import { assembleInSteps } from './assemble';

/** How many steps the assembly of a text takes, and its image. */
function steps(text: string, cancelAfter = Number.POSITIVE_INFINITY) {
  const data = new TextEncoder().encode(text);
  let count = 0;
  const work = assembleInSteps({
    main: '/x.asm',
    files: { read: (path) => (path === '/x.asm' ? data : undefined) },
    cancelled: () => count > cancelAfter,
  });
  for (;;) {
    const { done, value } = work.next();
    if (done) return { count, result: value };
    count++;
  }
}

describe('an assembly gives way', () => {
  it('in a `times` of many instructions', () => {
    const { count, result } = steps('bits 64\na: times 50000 jmp a\n nop\n');
    assert.ok(count > 12, `${count} steps`);
    assert.equal(result.image!.length, 64 * 2 + (50_000 - 64) * 5 + 1);
    assert.deepEqual(result.diagnostics, []);
  });
  it('in passes that are only recorded', () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `l${i}: jmp ${i < 29_970 ? `l${i + 30}` : '$'}`);
    const { count, result } = steps(`${lines.join('\n')}\n`);
    // A whole pass takes eight or nine; there are two at most.
    assert.ok(count > 24, `${count} steps in ${result.passes} passes`);
  });
  it('and hears in a `times` that nobody waits any more', () => {
    const { result } = steps('a: times 300000 jmp a\n', 3);
    assert.ok(result.diagnostics.some((d) => d.code === 'cancelled'));
  });
});
