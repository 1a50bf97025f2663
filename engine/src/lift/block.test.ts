/** How code becomes blocks: where they end, what is undefined, and what one instruction costs. */
import assert from 'node:assert/strict';
import { HELPER_NAMES } from '../helpers';
import { Mode } from '../ir/block';
import { OP_NAMES, WORDS } from '../ir/ops';
import { type LiftedBlock, Lifter, MAX_BLOCK_INSTRUCTIONS } from './block';

const LONG = Mode.CODE64 | Mode.LONG | Mode.FLAT | Mode.STACK32;
const FLAT32 = Mode.CODE32 | Mode.STACK32 | Mode.FLAT;
const REAL = Mode.REAL;

const lifter = new Lifter();

function tryLift(hex: string, mode = LONG, limit?: number, breaks: number[] = []): LiftedBlock | undefined {
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return lifter.liftBlock(
    bytes,
    mode,
    (delta) => (breaks.includes(delta) ? [{ linear: 1n }] : undefined),
    limit,
  );
}

function lift(hex: string, mode = LONG, limit?: number, breaks: number[] = []): LiftedBlock {
  const block = tryLift(hex, mode, limit, breaks);
  assert.ok(block);
  return block;
}

/** Names of the micro-ops; helpers by their own name. */
function names(block: LiftedBlock): string[] {
  const out: string[] = [];
  for (let at = 0; at < block.code.length; at += WORDS) {
    const name = OP_NAMES[block.code[at] & 0xff];
    out.push(name === 'HELPER' ? HELPER_NAMES[block.code[at] >>> 8] : name);
  }
  return out;
}

/** The micro-ops of the first instruction, without INSN and without what ends the block. */
function cost(hex: string, mode = LONG): string {
  return names(lift(`${hex} f4`, mode, 1))
    .slice(1, -1)
    .join(' ');
}

describe('lifter: blocks', () => {
  it('end with a control transfer', () => {
    const block = lift('90 90 eb 05 90');
    assert.equal(block.instructions, 3);
    assert.equal(block.bytes, 4);
    assert.deepEqual(names(block), ['INSN', 'INSN', 'INSN', 'JUMPI']);
  });

  it('end where the bytes end, leaving a cut instruction to the next block', () => {
    const block = lift('90 48 8b');
    assert.equal(block.instructions, 1);
    assert.equal(block.bytes, 1);
    assert.deepEqual(names(block), ['INSN', 'JUMPI']);
    assert.equal(lift('90').bytes, 1);
  });

  it('ask for more bytes when the first instruction is cut', () => {
    assert.equal(tryLift('48 8b'), undefined);
    assert.equal(tryLift(''), undefined);
  });

  it('end after the limit, and after 64 instructions', () => {
    assert.equal(lift('90'.repeat(10), LONG, 3).instructions, 3);
    const block = lift('90'.repeat(1000), LONG, Number.POSITIVE_INFINITY);
    assert.equal(block.instructions, MAX_BLOCK_INSTRUCTIONS);
    assert.equal(block.bytes, MAX_BLOCK_INSTRUCTIONS);
  });

  it('do not end inside a long instruction at the decoder window', () => {
    // 40 ten-byte instructions, more than the window holds.
    const block = lift('48 b8 01 02 03 04 05 06 07 08'.repeat(60));
    assert.equal(block.bytes, block.instructions * 10);
  });

  it('carry BREAK before the instructions asked for', () => {
    assert.deepEqual(names(lift('90 90 eb fe', LONG, 9, [1])), [
      'INSN',
      'BREAK',
      'RIP',
      'CONST',
      'EQ64',
      'BREAKNZ',
      'INSN',
      'INSN',
      'JUMPI',
    ]);
  });
});

describe('lifter: undefined instructions', () => {
  const vectorOf = (hex: string, mode = LONG) => {
    const { code } = lift(`${hex} 90 90 90`, mode);
    const at = code.length - WORDS;
    assert.equal(OP_NAMES[code[at] & 0xff], 'RAISE');
    return { vector: code[at] >>> 8, errorCode: code[at + 2] ? code[at + 3] : undefined };
  };

  it('UD2, bad encodings and LOCK where it is not allowed raise #UD', () => {
    const ud = { vector: 6, errorCode: undefined };
    assert.deepEqual(vectorOf('0f 0b'), ud);
    assert.deepEqual(vectorOf('06'), ud); // PUSH ES in 64-bit mode
    assert.deepEqual(vectorOf('f0 90'), ud);
    assert.deepEqual(vectorOf('f0 01 c8'), ud); // LOCK ADD EAX, ECX
    assert.deepEqual(vectorOf('f0 8b 00'), ud); // LOCK MOV
    assert.deepEqual(vectorOf('8d c0'), ud); // LEA of a register
  });

  it('more than 15 bytes raise #GP(0)', () => {
    assert.deepEqual(vectorOf(`${'66'.repeat(20)}90`), { vector: 13, errorCode: 0 });
    assert.equal(lift(`${'66'.repeat(14)}90`).bytes, 15);
  });

  it('what is not implemented stops the machine by name', () => {
    const ends = (hex: string) => names(lift(hex)).slice(-2);
    assert.deepEqual(ends('0f fc c1'), ['unsupportedInstruction', 'END']); // PADDB on MMX registers
    assert.deepEqual(ends('66 0f 38 dc c1'), ['unsupportedInstruction', 'END']); // AESENC
    assert.deepEqual(ends('0f 6f c1'), ['unsupportedInstruction', 'END']); // MOVQ on MMX registers
    assert.deepEqual(ends('0f 01 e8'), ['notOffered', 'END']); // SERIALIZE
  });
});

describe('lifter: common instructions are cheap', () => {
  const cases: [string, string, string][] = [
    ['mov rax, rbx', '48 89 d8', 'MOV'],
    ['mov eax, ebx', '89 d8', 'ZEXT32'],
    ['mov rax, imm32', '48 c7 c0 05 00 00 00', 'CONST'],
    ['mov rax, [rbx+8]', '48 8b 43 08', 'LOAD64'],
    ['mov eax, [rbx+8]', '8b 43 08', 'LOAD32'],
    ['mov [rbx+8], rcx', '48 89 4b 08', 'STORE64'],
    ['mov rax, [rip+16]', '48 8b 05 10 00 00 00', 'RIP LOAD64'],
    ['mov rax, gs:[0x10]', '65 48 8b 04 25 10 00 00 00', 'CONST ADD64 LOAD64'],
    ['movzx eax, byte [rbx]', '0f b6 03', 'LOAD8'],
    ['mov rax, [rbx+rcx*8]', '48 8b 04 cb', 'ADDSHL64 LOAD64'],
    ['and eax, 15', '83 e0 0f', 'ANDI32 FLAGS'],
    ['xor eax, eax', '31 c0', 'XOR32 FLAGS'],
    ['test rax, rax', '48 85 c0', 'FLAGS'],
    ['cmp rax, rbx', '48 39 d8', 'SUB64 FLAGS'],
    ['add rax, rbx', '48 01 d8', 'ADD64 FLAGS MOV'],
    ['push rax', '50', 'STORE64 ADDI64'],
    ['pop rax', '58', 'LOAD64 ADDI64'],
  ];
  for (const [text, hex, expected] of cases)
    it(`${text}: ${expected}`, () => assert.equal(cost(hex), expected));

  it('flat 32-bit code needs no segment check, other code does', () => {
    assert.equal(cost('8b 43 08', FLAT32), 'LOAD32');
    assert.equal(cost('64 8b 43 08', FLAT32), 'ADDI32 SEGMENT LOAD32');
    assert.equal(cost('2e 8b 43 08', FLAT32), 'LOAD32');
    // A write through CS must fault, whatever its base.
    assert.equal(cost('2e 89 43 08', FLAT32), 'ADDI32 SEGMENT STORE32');
    assert.equal(cost('8b 47 08', REAL), 'ADDI32 ZEXT16 SEGMENT LOAD16 INS16');
  });
});

describe('lifter: any bytes', () => {
  const CONTROL = new Set(['JUMPI', 'JUMP', 'JUMPCC', 'JUMPNZ', 'END', 'RAISE']);
  const SKIPS = new Set(['SKIP', 'SKIPZ', 'SKIPNZ']);
  const ALL_MODES = [
    LONG,
    FLAT32,
    REAL,
    Mode.CODE32,
    Mode.CODE32 | Mode.LONG,
    Mode.FLAT,
    Mode.STACK32 | Mode.LONG,
  ];

  /** The rules of ir/ops.ts that can be seen without running the block. */
  function check(block: LiftedBlock): void {
    const all = names(block);
    const last = all.length - 1;
    assert.ok(CONTROL.has(all[last]), 'the last micro-op leaves the block');
    let start = 0;
    all.forEach((name, k) => {
      // The last instruction may leave in more than one way (INTO).
      if (CONTROL.has(name)) assert.ok(!all.slice(k).includes('INSN'), `${name} inside the block`);
      if (name === 'INSN') start = k;
      if (SKIPS.has(name)) {
        const to = k + 1 + block.code[k * WORDS + 3];
        assert.ok(
          to <= last && !all.slice(start + 1, to).includes('INSN'),
          'a skip stays in its instruction',
        );
      }
    });
    assert.equal(all.filter((name) => name === 'INSN').length, block.instructions);
  }

  it('give a well-formed block in every mode', () => {
    let seed = 1;
    const random = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed >>> 16;
    };
    const bytes = new Uint8Array(24);
    for (let round = 0; round < 40_000; round++) {
      for (let k = 0; k < bytes.length; k++) bytes[k] = random();
      // Half of them in the two-byte opcode map.
      if (round & 1) bytes[0] = 0x0f;
      const mode = ALL_MODES[round % ALL_MODES.length];
      const block = lifter.liftBlock(bytes, mode, () => undefined);
      if (block) check(block);
    }
  });
});
