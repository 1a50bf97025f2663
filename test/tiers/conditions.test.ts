import { strict as assert } from 'node:assert';
import type { ContextId, Machine } from '@hyperstep/engine';
import { Random } from '@hyperstep/engine/testing';
import { compile } from '../../debug-adapter/src/evaluate/compile';
import { parseExpression } from '../../debug-adapter/src/evaluate/parser';
import { termOf } from '../../debug-adapter/src/evaluate/term';
import type { LaunchConfig } from '../../debug-adapter/src/launch/config';
import { Target } from '../../debug-adapter/src/target';
import { program } from './boot';
import { boot, summary } from './lockstep';

/** A loop whose registers, flags and memory are never the same; it can be watched at four places. */
function body(bits: 32 | 64): string {
  const text = `
                mov     dword [FACTOR], 0x7f4a7c15
                mov     dword [FACTOR + 4], 0x9e3779b9
                mov     ~si, DATA
again:          imul    ~ax, [FACTOR]
                add     ~ax, [SUMMAND]
                inc     dword [SUMMAND]
                mov     ~cx, ~ax
                shr     ~cx, ${bits - 4}
                mov     ~dx, ~ax
                sar     ~dx, 20
                movzx   ebx, al
                lea     ~di, [~si + ~bx * 8]
                mov     [~di], ~ax
                mov     ebp, eax
                cmp     al, bl
first:          nop
                test    cl, 1
                jz      even
                add     dl, ah
                jmp     second
even:           test    cl, 2
                jz      four
                shr     edx, cl
                jmp     second
four:           sub     edx, ebx
second:         nop
                inc     word [SUMMAND + 8]
third:          setc    [SUMMAND + 10]
                cmp     ~cx, 3
                ja      again
fourth:         neg     byte [SUMMAND + 10]
                jmp     again
recover:        jmp     done
FACTOR          equ     DATA - 32
SUMMAND         equ     DATA - 24
`;
  return text.replace(/~/g, bits === 64 ? 'r' : 'e');
}

const NAMES =
  `rax rcx rdx rbx rsi rdi rsp r8 r9 eax ecx edx r9d ax cx dh al bl cl ah bpl r8b rip eip $ rflags flags cf zf
  sf of pf af rflags.if rflags.iopl cpl cs ss.base cs.limit cs.access cr0 cr3 efer gdtr.base idtr.limit lstar DATA`.split(
    /\s+/,
  );
const NUMBERS = `0 1 2 3 7 8 15 63 64 65 100 127 128 0xff 1000 0x7fffffff 0x80000000 0xffffffff 0x100000000
  0x7fffffffffffffff 0x8000000000000000 0xffffffffffffffff 0xfffffffffffffffd DATA`.split(/\s+/);
const MEMORY = [
  '[rdi]', '[rsi + 8 * rbx]', 'byte [rdi + 3]', 'dword [rsi + rcx]', 'word [fs:rdi]', 'qword [rax]', 'byte [rcx]',
  'word [rsi + 0xfff]', '[0 - rcx]', 'dword [0xfffffffffffffffe]',
]; // biome-ignore format: a list
/** Sides that cannot be compiled, and fail or not. */
const CASES: readonly Text[] = [
  '(cl && 1 / (rdx & 1)) && dl == 0x12',
  'cl > 9 && 1 // (rdx & 1)',
  '1 % (rcx & 1) || 0',
  'rcx == 5 || (rcx == 6 && [rax])',
  '(rcx & 1) ? 1 // (rcx & 2) : rcx == 4',
  'rcx == 3 && rdx // rbx == 0',
  '!(rcx == 3 && rdx // (rbx | 1))',
  '[rax] || 1',
  'cl && [0 - cl]',
].map((text) => ({ text, sure: false }));
const BINARIES = '^^ = == != <> < <= > >= <=> | ^ & << <<< >> >>> + - * / // % %% && ||'.split(' ');

/** Whether machine code decides it all: no memory, and division by constants only. */
interface Text {
  text: string;
  sure: boolean;
}

function expression(random: Random, depth: number): Text {
  const sub = (): Text => expression(random, depth - 1);
  const kind = random.below(depth > 0 ? 10 : 3);
  if (kind === 0) return { text: random.pick(NUMBERS), sure: true };
  if (kind <= 2) return { text: random.pick(NAMES), sure: true };
  if (kind === 3) return { text: random.pick(MEMORY), sure: false };
  if (kind === 4) {
    const of = sub();
    return { text: `${random.pick(['-', '~', '!'])}(${of.text})`, sure: of.sure };
  }
  if (kind === 5) {
    const parts = [sub(), sub(), sub()];
    return {
      text: `(${parts[0].text}) ? (${parts[1].text}) : (${parts[2].text})`,
      sure: parts.every((p) => p.sure),
    };
  }
  if (kind === 6) {
    const by = random.pick(NUMBERS);
    const of = sub();
    return { text: `(${of.text}) ${random.pick(['/', '%', '//', '%%'])} ${by}`, sure: of.sure && by !== '0' };
  }
  const operator = random.pick(BINARIES);
  const [left, right] = [sub(), sub()];
  return {
    text: `(${left.text}) ${operator} (${right.text})`,
    sure: left.sure && right.sure && !/[/%]/.test(operator),
  };
}

interface Watched {
  machine: Machine;
  target: Target;
  /** Counts at which the condition held or could not be evaluated. */
  held: string[];
  /** Times the machine asked in vain. */
  vain: number;
}

describe('conditions of breakpoints in all tiers', () => {
  for (const bits of [64, 32] as const) {
    it(`random expressions, ${bits}-bit: as the debug adapter evaluates them`, () => {
      const { image, symbol } = program({ bits, body: body(bits) });
      const random = new Random(bits);
      const symbols = (name: string) => (name === 'DATA' ? 0x200000n : undefined);
      const watched = boot(image).map((machine): Watched => {
        const target = new Target(machine, [], {} as LaunchConfig);
        return { machine, target, held: [], vain: 0 };
      });
      let stops = 0;
      let compiled = 0;
      let limit = 20_000;
      for (const { machine } of watched) runTo(machine, limit);
      for (let round = 0; round < 400; round++) {
        const { text, sure } = CASES[round] ?? expression(random, 1 + random.below(4));
        const parsed = parseExpression(text);
        const evaluate = compile(parsed, symbols);
        const when = termOf(parsed, symbols);
        if (when) compiled++;
        assert.ok(when || !sure, `not compiled: ${text}`);
        const place = BigInt(symbol(random.pick(['first', 'second', 'third', 'fourth'])));
        limit += 1000;
        for (const one of watched) {
          const { machine, target } = one;
          const onHit = (context: ContextId): boolean => {
            let value: bigint | undefined;
            try {
              value = evaluate(target.reader(context));
            } catch {}
            if (value === 0n) one.vain++;
            else one.held.push(`${machine.count}: ${value}`);
            return value !== 0n && one.held.length % 3 === 0;
          };
          one.vain = 0;
          machine.breakpoints.set(1, place, onHit, when);
          // The same address in another page.
          machine.breakpoints.set(2, place + 0x5000n, () => assert.fail(), when);
          const stopped = runTo(machine, limit);
          if (one === watched[1]) stops += stopped;
          assert.deepEqual(one.held, watched[0].held, `${text} in tier ${watched.indexOf(one)}`);
          if (sure && one === watched[1]) assert.equal(one.vain, 0, `asked in vain: ${text}`);
        }
        for (const { machine } of watched) assert.equal(summary(machine), summary(watched[0].machine), text);
        for (const one of watched) one.held.length = 0;
      }
      for (const { machine } of watched) assert.equal(machine.hash(), watched[0].machine.hash());
      assert.ok(stops > 500, `${stops} stops`);
      assert.ok(compiled > 250, `${compiled} compiled`);
    });
  }
});

/** Goes on after every stop; answers how many there were. */
function runTo(machine: Machine, limit: number): number {
  for (let stops = 0; ; ) {
    const reason = machine.run({ limit });
    if (reason.kind === 'breakpoint') stops++;
    else if (reason.kind !== 'limit') assert.fail(JSON.stringify(reason));
    else if (machine.count >= limit) return stops;
  }
}
