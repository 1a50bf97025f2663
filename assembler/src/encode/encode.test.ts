import assert from 'node:assert/strict';
import {
  allMnemonics,
  type EncodeContext,
  encode,
  type InstructionStatement,
  isMnemonic,
  isPrefix,
  isRegister,
  type MemoryOperand,
  type Operand,
  type Value,
} from './index';

const n = (value: bigint | number): Value => ({ value: BigInt(value), forward: false, address: false });
const label = (value: bigint | number): Value => ({ value: BigInt(value), forward: false, address: true });
const r = (name: string): Operand => ({ kind: 'register', name });
const i = (value: bigint | number): Operand => ({ kind: 'immediate', value: n(value) });
const to = (value: bigint | number): Operand => ({ kind: 'immediate', value: label(value) });
const m = (more: Partial<MemoryOperand>): MemoryOperand => ({ kind: 'memory', scale: 1, ...more });

const context: EncodeContext = { bits: 64, address: 0x1000n, defaultRel: false, minimumBranch: 'short' };

function run(
  mnemonic: string,
  operands: Operand[],
  more: Partial<EncodeContext & InstructionStatement> = {},
) {
  const { prefixes = [], rounding, ...ctx } = more;
  return encode({ mnemonic, prefixes, operands, rounding }, { ...context, ...ctx });
}

/** The bytes, as hex. */
function bytes(...args: Parameters<typeof run>): string {
  const result = run(...args);
  return result.ok ? Buffer.from(result.encoding.bytes).toString('hex') : result.error.message;
}

/** The error. */
function refused(...args: Parameters<typeof run>) {
  const result = run(...args);
  assert.ok(!result.ok, 'expected an error');
  return result.error;
}

describe('names', () => {
  it('knows mnemonics with their aliases and pseudo-operations', () => {
    for (const name of [
      'mov',
      'jnz',
      'setnae',
      'cmovpo',
      'sal',
      'retn',
      'retfq',
      'iretq',
      'xlat',
      'icebp',
      'vmlaunch',
    ]) {
      assert.ok(isMnemonic(name), name);
    }
    for (const name of ['cmpeqps', 'vcmpneq_oqsd', 'pclmulhqlqdq', 'vpcomneqd'])
      assert.ok(isMnemonic(name), name);
    for (const name of ['db', 'label', 'delay', 'sysretq', 'eax', 'constructor', 'vcmpconstructorps', '']) {
      assert.ok(!isMnemonic(name), name);
    }
    assert.ok(allMnemonics().length > 1500);
  });

  it('knows prefixes and registers', () => {
    assert.ok(isPrefix('lock') && isPrefix('a32') && isPrefix('{vex3}'));
    assert.ok(!isPrefix('mov') && !isPrefix('toString'));
    assert.deepEqual(isRegister('r9d'), { size: 32, class: 'r32' });
    assert.deepEqual(isRegister('ah'), { size: 8, class: 'r8' });
    assert.deepEqual(isRegister('xmm31'), { size: 128, class: 'xmm' });
    assert.equal(isRegister('rip'), undefined);
    assert.equal(isRegister('constructor'), undefined);
  });
});

describe('branches', () => {
  it('takes the short form as far as it reaches and says which it took', () => {
    const near = run('jmp', [to(0x1002 + 127)]);
    assert.ok(near.ok);
    assert.deepEqual(
      [Buffer.from(near.encoding.bytes).toString('hex'), near.encoding.branch],
      ['eb7f', 'short'],
    );
    const far = run('jmp', [to(0x1002 + 128)]);
    assert.ok(far.ok);
    assert.deepEqual(
      [Buffer.from(far.encoding.bytes).toString('hex'), far.encoding.branch],
      ['e97d000000', 'near'],
    );
  });

  it('stays near once the layout asked for near, and for a target that is only a number', () => {
    assert.equal(bytes('je', [to(0x1010)], { minimumBranch: 'near' }), '0f840a000000');
    assert.equal(bytes('jmp', [i(0x1010)]), 'e90b000000');
  });

  it('wraps the distance at 64 KiB in 16-bit code', () => {
    assert.equal(bytes('call', [to(0)], { bits: 16, address: 0xfff0n }), 'e80d00');
  });

  it('says how far a short jump would have to reach', () => {
    const error = refused('loop', [to(0x2000)]);
    assert.equal(error.code, 'jump-range');
    assert.match(error.message, /4094 bytes away/);
  });
});

describe('addresses', () => {
  it('is relative to the end of the instruction, immediates included', () => {
    const at = m({ displacement: label(0x2000), relative: true, size: 32 });
    assert.equal(bytes('mov', [at, i(1)]), 'c705f60f000001000000');
    assert.equal(
      bytes('mov', [r('eax'), m({ displacement: label(0x2000) })], { defaultRel: true }),
      '8b05fa0f0000',
    );
  });

  it('keeps fs, gs, abs and plain numbers out of `default rel`', () => {
    for (const more of [{ segment: 'fs' as const }, { relative: false }]) {
      assert.match(
        bytes('mov', [r('ecx'), m({ displacement: label(0x2000), ...more })], { defaultRel: true }),
        /8b0c2500200000$/,
      );
    }
    assert.equal(
      bytes('mov', [r('ecx'), m({ displacement: n(0x2000) })], { defaultRel: true }),
      '8b0c2500200000',
    );
  });

  it('never shortens an address that may move', () => {
    assert.equal(bytes('mov', [r('eax'), m({ base: 'rbx', displacement: label(4) })]), '8b8304000000');
    assert.equal(bytes('add', [r('eax'), to(4)]), '0504000000');
    assert.equal(bytes('mov', [r('rax'), to(4)]), '48b80400000000000000');
  });

  it('splits r*2 unless told not to', () => {
    assert.equal(bytes('lea', [r('eax'), m({ index: 'rcx', scale: 2 })]), '8d0409');
    assert.equal(bytes('lea', [r('eax'), m({ index: 'rcx', scale: 2, nosplit: true })]), '8d044d00000000');
  });

  it('scales the byte displacement of EVEX by the operand size', () => {
    assert.equal(
      bytes('vaddps', [r('zmm1'), r('zmm2'), m({ base: 'rax', displacement: n(0x40) })]),
      '62f16c48584801',
    );
    assert.equal(
      bytes('vaddps', [r('zmm1'), r('zmm2'), m({ base: 'rax', displacement: n(4), broadcast: 16 })]),
      '62f16c58584801',
    );
    assert.equal(
      bytes('vaddps', [r('zmm1'), r('zmm2'), m({ base: 'rax', displacement: n(4) })]),
      '62f16c48588804000000',
    );
  });
});

describe('vector extensions', () => {
  it('writes masks, zeroing, broadcast and rounding', () => {
    const dest: Operand = { kind: 'register', name: 'zmm1', mask: 'k1', zeroing: true };
    assert.equal(
      bytes('vaddps', [dest, r('zmm2'), m({ base: 'eax', broadcast: 16 })], { bits: 32 }),
      '62f16cd95808',
    );
    assert.equal(bytes('vaddps', [r('zmm1'), r('zmm2'), r('zmm3')], { rounding: 'rn-sae' }), '62f16c1858cb');
    assert.match(
      refused('vaddps', [r('zmm1'), r('zmm2'), r('zmm3')], { rounding: 'constructor' }).message,
      /no \{constructor\}/,
    );
  });

  it('obeys {vex3}, {vex2} and {evex}', () => {
    const ops = [r('xmm1'), r('xmm2'), r('xmm3')];
    assert.equal(bytes('vaddps', ops), 'c5e858cb');
    assert.equal(bytes('vaddps', ops, { prefixes: ['{vex3}'] }), 'c4e16858cb');
    assert.equal(bytes('vaddps', ops, { prefixes: ['{evex}'] }), '62f16c0858cb');
    assert.equal(
      refused('vaddps', [r('xmm1'), r('xmm2'), r('xmm9')], { prefixes: ['{vex2}'] }).code,
      'prefix',
    );
    assert.equal(refused('mov', [r('eax'), r('ecx')], { prefixes: ['{evex}'] }).code, 'prefix');
  });
});

describe('errors name the operand and what was expected', () => {
  const check = (mnemonic: string, operands: Operand[], code: string, message: RegExp, more = {}) => {
    const error = refused(mnemonic, operands, more);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
  };

  it('sizes', () => {
    check(
      'mov',
      [r('al'), r('ax')],
      'operand-size',
      /`al` \(an 8-bit register\) and `ax` \(a 16-bit register\); both/,
    );
    check(
      'inc',
      [m({ base: 'rax' })],
      'size-missing',
      /size of \[rax\] is not known; write `byte`, `word`, `dword` or `qword`/,
    );
    check('shl', [r('eax'), r('ecx')], 'operand-size', /operand 2 of `shl` is `ecx`.*expected `cl`/);
    check('fld', [m({ base: 'rax', size: 16 })], 'operand-size', /expected dword, qword or tword memory/);
  });

  it('kinds and counts', () => {
    check('lea', [r('eax'), r('ecx')], 'operand-kind', /operand 2 of `lea` cannot be `ecx`.*expected memory/);
    check('add', [m({ base: 'rax' }), m({ base: 'rcx' })], 'operand-kind', /two memory operands/);
    check('enter', [i(5)], 'operand-count', /takes 2 operands, not 1/);
    check('nosuch', [], 'mnemonic', /no instruction `nosuch`/);
  });

  it('modes', () => {
    check(
      'push',
      [r('eax')],
      'mode',
      /in 64-bit mode operand 1 of `push` cannot be `eax`.*16- or 64-bit register/,
    );
    check(
      'mov',
      [r('cr0'), r('eax')],
      'mode',
      /operand 2 of `mov` cannot be `eax`.*expected a 64-bit register/,
    );
    check('pusha', [], 'mode', /`pusha` does not exist in 64-bit mode/);
    check('mov', [r('r9d'), i(1)], 'mode', /`r9d` exists only in 64-bit mode/, { bits: 32 });
  });

  it('addresses, prefixes and REX', () => {
    check(
      'mov',
      [r('eax'), m({ base: 'eax', index: 'rcx' })],
      'address-size',
      /cannot mix `eax` \(32-bit\) and `rcx`/,
    );
    check(
      'mov',
      [r('eax'), m({ base: 'rax', index: 'rsp', scale: 4 })],
      'address-form',
      /`rsp` cannot be an index/,
    );
    check(
      'mov',
      [r('al'), m({ base: 'bx', index: 'bp' })],
      'address-form',
      /\[bx\+bp\] is not a 16-bit address/,
      { bits: 16 },
    );
    check('mov', [r('ah'), r('r8b')], 'high-register', /`ah` cannot be used.*`spl`/);
    check('movsb', [], 'prefix', /`rep` and `repne` exclude each other/, { prefixes: ['rep', 'repne'] });
  });

  it('warns when a value loses bits', () => {
    const result = run('add', [r('al'), i(300)]);
    assert.ok(result.ok);
    assert.deepEqual(
      result.warnings.map((w) => [w.code, w.operand]),
      [['immediate-range', 1]],
    );
    const wrapped = run('add', [r('eax'), i(0xffffffffn)]);
    assert.ok(wrapped.ok && wrapped.warnings.length === 0);
  });
});

describe('any statement', () => {
  it('gives bytes or an error, never an exception', () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) % below;
    };
    const pick = <T>(list: readonly T[]): T => list[random(list.length)];
    const words = [
      'eax',
      'r9',
      'ah',
      'xmm3',
      'zmm30',
      'k2',
      'st1',
      'cr9',
      'fs',
      'bnd1',
      'bx',
      'ymm2',
      'nonsense',
      'constructor',
      '',
    ];
    const names = [...allMnemonics(), 'cmpeqps', 'vcmptruesd', 'nothing', '__proto__'];
    const value = (): Value => ({
      value: pick([0n, -1n, 255n, 1n << 63n, -(1n << 70n), 0x1010n]),
      forward: random(2) === 0,
      address: random(3) === 0,
    });
    const sizes = [undefined, 8, 16, 32, 64, 80, 128, 256, 512] as const;
    const operand = (): Operand => {
      switch (random(4)) {
        case 0:
          return {
            kind: 'register',
            name: pick(words),
            mask: random(8) ? undefined : pick(words),
            zeroing: random(9) === 0,
          };
        case 1:
          return {
            kind: 'immediate',
            value: value(),
            size: pick(sizes),
            strict: random(4) === 0,
            distance: pick([undefined, undefined, 'short', 'near', 'far']),
          };
        case 2:
          return { kind: 'far', segment: value(), offset: value(), size: pick(sizes) };
        default:
          return m({
            base: pick([undefined, ...words]),
            index: pick([undefined, ...words]),
            scale: pick([1, 2, 4, 8]),
            displacement: random(2) ? value() : undefined,
            size: pick(sizes),
            displacementSize: pick(sizes),
            relative: pick([undefined, true, false]),
            segment: pick([undefined, undefined, 'gs']),
            distance: pick([undefined, undefined, 'far', 'near']),
            broadcast: random(9) ? undefined : 8,
          });
      }
    };
    const prefixes = ['rep', 'lock', 'o16', 'a32', 'fs', 'bnd', '{evex}', 'wait', 'constructor'];
    for (let k = 0; k < 60000; k++) {
      const statement: InstructionStatement = {
        mnemonic: pick(names),
        prefixes: random(4) ? [] : [pick(prefixes), pick(prefixes)],
        operands: Array.from({ length: random(5) }, operand),
        rounding: random(9) ? undefined : pick(['sae', 'rn-sae', 'constructor']),
      };
      const bits = pick([16, 32, 64] as const);
      const result = encode(statement, {
        bits,
        address: 0x1000n,
        defaultRel: random(2) === 0,
        minimumBranch: 'short',
      });
      if (result.ok) assert.ok(result.encoding.bytes.length > 0 && result.encoding.bytes.length < 32);
      else assert.ok(result.error.message.length > 0);
    }
  });
});
