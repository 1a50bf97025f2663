import assert from 'node:assert/strict';
import { compile, type Reader } from './compile';
import { parseNumber } from './lexer';
import { parseExpression } from './parser';

const registers: Record<string, bigint> = {
  rax: 0x1122334455667788n,
  rsp: 0x1000n,
  rip: 0x400n,
  rflags: 0x246n,
  'fs.base': 0x2000n,
};
const reader: Reader = {
  register: (whole) => registers[whole],
  load: (address, size) =>
    address >= 0x10000n ? undefined : BigInt.asUintN(size * 8, address * 0x0101010101010101n),
  wordSize: 8,
};
const symbols: Record<string, bigint> = { main: 0x400n, 'main.loop': 0x410n, af: 7n };
const value = (text: string) => compile(parseExpression(text), (name) => symbols[name])(reader);

describe('expressions', () => {
  const cases: [string, bigint][] = [
    ['1 + 2 * 3', 7n],
    ['(1 + 2) * 3', 9n],
    ['0x10 | 1 ^ 3 & 2', 0x13n],
    ['1 << 4 + 1', 32n],
    ['-1', 0xffffffffffffffffn],
    ['-1 < 0', 1n],
    ['-1 // 2', 0n],
    ['-7 %% 4', 0xfffffffffffffffdn],
    ['-2 / 2', 0x7fffffffffffffffn],
    ['3 <=> 4', 0xffffffffffffffffn],
    ['1 ? 2 : 3', 2n],
    ['0 && 1 / 0', 0n],
    ['!5 || ~0 = -1', 1n],
    ['eax', 0x55667788n],
    ['ah', 0x77n],
    ['AL', 0x88n],
    ['zf', 1n],
    ['af', 7n],
    ['rflags.if', 1n],
    ['main.loop - main', 0x10n],
    ['$ = main', 1n],
    ['byte [rsp + 3]', 3n],
    ['word [rel 2]', 0x202n],
    ['[1]', 0x0101010101010101n],
    ['dword [fs:0]', 0x00002000n],
    ["'AB'", 0x4241n],
  ];
  for (const [text, expected] of cases)
    it(text, () =>
      assert.equal(
        value(text),
        text === 'dword [fs:0]' ? BigInt.asUintN(32, 0x2000n * 0x01010101n) : expected,
      ),
    );

  for (const [text, message] of [
    ['1 +', /unexpected the end/],
    ['nothing', /neither a register nor a symbol/],
    ['1 / 0', /Division by zero/],
    ['[0x20000]', /No memory is mapped at 0x20000/],
    ['rbx', /not known/],
    ['12z', /not a number/],
    ['(1', /expected '\)'/],
    ['', /missing/],
    ['('.repeat(3000), /nested too deeply/],
    ['-'.repeat(3000), /nested too deeply/],
    ['#', /Cannot read/],
  ] as const)
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => assert.throws(() => value(text), message));
});

describe('numbers of the dialect', () => {
  for (const [text, expected] of [
    ['0x1F', 31n],
    ['1Fh', 31n],
    ['0ffh', 255n],
    ['$0f', 15n],
    ['1010b', 10n],
    ['0b1010', 10n],
    ['17q', 15n],
    ['0o17', 15n],
    ['1_000', 1000n],
    ['10d', 10n],
    ['1g', undefined],
  ] as const)
    it(text, () => assert.equal(parseNumber(text), expected));
});
