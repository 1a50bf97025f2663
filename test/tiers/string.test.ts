import { strict as assert } from 'node:assert';
import { Random } from '@hyperstep/engine/testing';
import { program } from './boot';
import { boot, lockStep, summary } from './lockstep';

// Repetitions long enough for many iterations at once (engine/src/helpers/string.ts), with interrupts in them.
const BODY = (bits: 32 | 64): string => {
  const [a, c, si, di] = bits === 64 ? ['rax', 'rcx', 'rsi', 'rdi'] : ['eax', 'ecx', 'esi', 'edi'];
  const word = bits === 64 ? 'q' : 'd';
  return `
                mov     ebp, 12
.again:         mov     ${si}, DATA
                mov     ${di}, DATA + 0x8003
                mov     ecx, 20000
                rep     movsb
                mov     ${di}, DATA + 0x10000
                mov     eax, ebp
                mov     ecx, 3000
                rep     stos${word}
                std
                mov     ${si}, DATA + 0x10000
                mov     ${di}, DATA + 0x12345
                mov     ecx, 2000
                rep     movs${word}
                cld
                ; a byte that is nowhere but at the end
                mov     byte [DATA + 0x7000], 0xee
                mov     al, 0xee
                mov     ${di}, DATA
                mov     ecx, 0x8000
                repne   scasb
                add     [COUNTS + 16], ${c}
                mov     ${si}, DATA + 0x8003
                mov     ${di}, DATA
                mov     ecx, 20000
                repe    cmpsb
                adc     [COUNTS + 24], ${di}
                mov     ${si}, DATA
                mov     ecx, 5000
                rep     lods${word}
                xor     [COUNTS + 32], ${a}
                ; over its own code: the instructions that follow
                mov     ${si}, .copy
                mov     ${di}, .here
                mov     ecx, .here - .copy
                rep     movsb
.copy:          inc     dword [COUNTS + 40]
                times   300 nop
.here:          times   320 inc eax
                dec     ebp
                jnz     .again
recover:        jmp     done`;
};

describe('tiers in lock-step on long repetitions', () => {
  for (const bits of [64, 32] as const) {
    for (const timer of [0, 2, 1]) {
      it(`${bits}-bit, ${timer ? `interrupts at a reload value of ${timer}` : 'no interrupts'}`, () => {
        const { image } = program({ bits, timer, body: BODY(bits) });
        assert.match(lockStep(boot(image), new Random(bits + timer), 3_000_000), /"exit"/);
      });
    }
  }

  it('the same with single steps', () => {
    const { image } = program({ bits: 64, timer: 2, body: BODY(64) });
    const [free, stepped] = boot(image, [{}, { tier: 'evaluator' }]);
    for (let n = 1; n <= 140_000; n++) {
      stepped.run({ limit: n });
      if (n % 7000 !== 0) continue;
      free.run({ limit: n });
      assert.equal(summary(free), summary(stepped));
    }
    assert.equal(free.hash(), stepped.hash());
    const ticks = free.physical.read32(0x5000);
    assert.ok(ticks > 50, `${ticks} interrupts`);
  });
});
