/** The x87 (SDM 1 chapter 8): what each mnemonic is, as rows that name a helper of helpers/x87-*.ts and its words. */
import { Mnemonic } from 'iced-x86';
import { Slot } from '../cpu/state';
import type { HelperName } from '../helpers';
import { Arithmetic } from '../helpers/x87-arithmetic';
import { Op } from '../ir/ops';
import { STACK } from '../x87/access';
import { Operand } from '../x87/operands';
import type { LiftContext, LiftFunction, LiftTable } from './context';

/** The unit as `coprocessorCheck` numbers it, for instructions that do not wait. */
const X87 = 1;
const MMX = 2;

/** Kinds of memory operands by bytes. */
const REALS: Record<number, Operand> = { 4: Operand.SINGLE, 8: Operand.DOUBLE, 10: Operand.EXTENDED };
const INTEGERS: Record<number, Operand> = { 2: Operand.INT16, 4: Operand.INT32, 8: Operand.INT64 };
const PACKED: Record<number, Operand> = { 10: Operand.BCD };

/** A memory operand's bits in one temporary, or in two for ten bytes. */
function loadMemory(c: LiftContext): number {
  const bytes = c.memoryBytes;
  const address = c.address(bytes);
  if (bytes !== 10) return c.load(address, bytes as 2 | 4 | 8);
  const low = c.ir.vector();
  c.loadInto(low, address, 8);
  c.loadInto(low + 1, address, 2, 0, 8);
  return low;
}

/** An instruction without operands, or with what is given as words. */
function plain(name: HelperName, d = 0, a = 0): LiftFunction {
  return (c) => {
    c.helper('x87Ready');
    c.helper(name, d, a);
  };
}

/** With the last register operand ST(i) as first word; ST(1) if none is written. */
function ofRegister(name: HelperName, a = 0): LiftFunction {
  return (c) => {
    c.helper('x87Ready');
    c.helper(name, c.insn.opCount === 0 ? 1 : c.stackRegister(c.insn.opCount - 1), a);
  };
}

/** Arithmetic of two registers, or of ST(0) with memory. */
function arithmetic(op: Arithmetic, kinds = REALS, pops = 0): LiftFunction {
  return (c) => {
    c.helper('x87Ready');
    if (c.isMemory(c.insn.opCount - 1)) {
      const kind = kinds[c.memoryBytes];
      c.helper('x87Arithmetic', op, loadMemory(c), kind);
    } else
      c.helper('x87Arithmetic', op | (c.stackRegister(0) << 8) | (pops << 12), c.stackRegister(1), STACK);
  };
}

const SIGNALLING = 1;
const EFLAGS = 2;

/** Comparison of ST(0) with memory or a register, ST(1) if none is written. */
function comparison(how: number, pops: number, kinds = REALS): LiftFunction {
  return (c) => {
    c.helper('x87Ready');
    const last = c.insn.opCount - 1;
    if (last >= 0 && c.isMemory(last)) {
      const kind = kinds[c.memoryBytes];
      c.helper('x87Compare', how | (pops << 4), loadMemory(c), kind);
    } else c.helper('x87Compare', how | (pops << 4), last < 0 ? 1 : c.stackRegister(last), STACK);
  };
}

function load(kinds: Record<number, Operand>): LiftFunction {
  return (c) => {
    c.helper('x87Ready');
    const last = c.insn.opCount - 1;
    if (!c.isMemory(last)) return c.helper('x87Load', 0, c.stackRegister(last), STACK);
    const kind = kinds[c.memoryBytes];
    c.helper('x87Load', 0, loadMemory(c), kind);
  };
}

/** To memory: what to write is found first, and nothing has changed if the store faults. */
function store(kinds: Record<number, Operand>, pops: number, truncate = 0): LiftFunction {
  return (c) => {
    c.helper('x87Ready');
    if (!c.isMemory(0)) return c.helper('x87StoreRegister', c.stackRegister(0), pops);
    const bytes = c.memoryBytes;
    const value = c.ir.vector();
    const flags = c.ir.vector();
    const address = c.address(bytes, true);
    c.helper('x87Prepare', value, kinds[bytes] | truncate);
    const skip = c.ir.skip(Op.SKIPNZ, flags + 1);
    if (bytes === 10) {
      // Both parts or none: the upper one is asked for first.
      c.load(address, 2, 4, 8);
      c.store(address, 8, value);
      c.store(address, 2, value + 1, 8);
    } else c.store(address, bytes as 2 | 4 | 8, value);
    c.ir.land(skip);
    c.helper('x87Commit', flags, pops);
  };
}

/** FCMOVcc by the condition's encoding in Jcc. */
function conditional(condition: number): LiftFunction {
  return (c) => {
    c.helper('x87Ready');
    c.helper('fcmov', c.stackRegister(1), c.op(Op.COND, 0, 0, condition));
  };
}

function control(name: HelperName, unit = X87): LiftFunction {
  return (c) => {
    c.helper('coprocessorCheck', unit);
    c.helper(name);
  };
}

/** FNSTCW and FNSTSW: a word from a slot. */
function storeWord(slot: Slot): LiftFunction {
  return (c) => {
    c.helper('coprocessorCheck', X87);
    c.write(0, slot);
  };
}

function fldcw(c: LiftContext): void {
  c.helper('x87Ready');
  c.helper('fldcw', c.readLow(0));
}

/** FXSAVE and FXRSTOR; where segments are not flat only the area's beginning is checked against the limit. */
function area(name: 'fxsave' | 'fxrstor', wide: 0 | 1): LiftFunction {
  return (c) => c.helper(name, c.linear(16, name === 'fxsave'), wide);
}

/** FNSTENV, FNSAVE, FLDENV, FRSTOR: 14 or 28 bytes, and 80 for the registers. */
function image(name: 'storeEnvironment' | 'restoreEnvironment'): LiftFunction {
  return (c) => {
    const writes = name === 'storeEnvironment';
    const bytes = c.memoryBytes;
    const registers = bytes > 28 ? 1 : 0;
    c.helper(writes ? 'coprocessorCheck' : 'x87Ready', X87);
    c.helper(name, c.linear(bytes, writes), bytes - 80 * registers, registers);
  };
}

/** By mnemonic. */
export const x87Lifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Fadd, arithmetic(Arithmetic.ADD)],
  [Mnemonic.Fmul, arithmetic(Arithmetic.MUL)],
  [Mnemonic.Fsub, arithmetic(Arithmetic.SUB)],
  [Mnemonic.Fsubr, arithmetic(Arithmetic.SUBR)],
  [Mnemonic.Fdiv, arithmetic(Arithmetic.DIV)],
  [Mnemonic.Fdivr, arithmetic(Arithmetic.DIVR)],
  [Mnemonic.Faddp, arithmetic(Arithmetic.ADD, REALS, 1)],
  [Mnemonic.Fmulp, arithmetic(Arithmetic.MUL, REALS, 1)],
  [Mnemonic.Fsubp, arithmetic(Arithmetic.SUB, REALS, 1)],
  [Mnemonic.Fsubrp, arithmetic(Arithmetic.SUBR, REALS, 1)],
  [Mnemonic.Fdivp, arithmetic(Arithmetic.DIV, REALS, 1)],
  [Mnemonic.Fdivrp, arithmetic(Arithmetic.DIVR, REALS, 1)],
  [Mnemonic.Fiadd, arithmetic(Arithmetic.ADD, INTEGERS)],
  [Mnemonic.Fimul, arithmetic(Arithmetic.MUL, INTEGERS)],
  [Mnemonic.Fisub, arithmetic(Arithmetic.SUB, INTEGERS)],
  [Mnemonic.Fisubr, arithmetic(Arithmetic.SUBR, INTEGERS)],
  [Mnemonic.Fidiv, arithmetic(Arithmetic.DIV, INTEGERS)],
  [Mnemonic.Fidivr, arithmetic(Arithmetic.DIVR, INTEGERS)],

  [Mnemonic.Fcom, comparison(SIGNALLING, 0)],
  [Mnemonic.Fcomp, comparison(SIGNALLING, 1)],
  [Mnemonic.Fcompp, comparison(SIGNALLING, 2)],
  [Mnemonic.Fucom, comparison(0, 0)],
  [Mnemonic.Fucomp, comparison(0, 1)],
  [Mnemonic.Fucompp, comparison(0, 2)],
  [Mnemonic.Ficom, comparison(SIGNALLING, 0, INTEGERS)],
  [Mnemonic.Ficomp, comparison(SIGNALLING, 1, INTEGERS)],
  [Mnemonic.Fcomi, comparison(SIGNALLING | EFLAGS, 0)],
  [Mnemonic.Fcomip, comparison(SIGNALLING | EFLAGS, 1)],
  [Mnemonic.Fucomi, comparison(EFLAGS, 0)],
  [Mnemonic.Fucomip, comparison(EFLAGS, 1)],
  [Mnemonic.Ftst, plain('ftst')],
  [Mnemonic.Fxam, plain('fxam')],

  [Mnemonic.Fld, load(REALS)],
  [Mnemonic.Fild, load(INTEGERS)],
  [Mnemonic.Fbld, load(PACKED)],
  [Mnemonic.Fld1, plain('x87Constant', 0)],
  [Mnemonic.Fldl2t, plain('x87Constant', 1)],
  [Mnemonic.Fldl2e, plain('x87Constant', 2)],
  [Mnemonic.Fldpi, plain('x87Constant', 3)],
  [Mnemonic.Fldlg2, plain('x87Constant', 4)],
  [Mnemonic.Fldln2, plain('x87Constant', 5)],
  [Mnemonic.Fldz, plain('x87Constant', 6)],
  [Mnemonic.Fst, store(REALS, 0)],
  [Mnemonic.Fstp, store(REALS, 1)],
  [Mnemonic.Fist, store(INTEGERS, 0)],
  [Mnemonic.Fistp, store(INTEGERS, 1)],
  [Mnemonic.Fisttp, store(INTEGERS, 1, 0x100)],
  [Mnemonic.Fbstp, store(PACKED, 1)],

  [Mnemonic.Fxch, ofRegister('fxch')],
  [Mnemonic.Ffree, ofRegister('ffree')],
  [Mnemonic.Ffreep, ofRegister('ffree', 1)],
  [Mnemonic.Fincstp, plain('turnStack', 1)],
  [Mnemonic.Fdecstp, plain('turnStack', -1)],
  [Mnemonic.Fnop, plain('fnop')],
  [Mnemonic.Fcmovb, conditional(2)],
  [Mnemonic.Fcmove, conditional(4)],
  [Mnemonic.Fcmovbe, conditional(6)],
  [Mnemonic.Fcmovu, conditional(10)],
  [Mnemonic.Fcmovnb, conditional(3)],
  [Mnemonic.Fcmovne, conditional(5)],
  [Mnemonic.Fcmovnbe, conditional(7)],
  [Mnemonic.Fcmovnu, conditional(11)],

  [Mnemonic.Fchs, plain('changeSign', 0)],
  [Mnemonic.Fabs, plain('changeSign', 1)],
  [Mnemonic.Fsqrt, plain('fsqrt')],
  [Mnemonic.Frndint, plain('frndint')],
  [Mnemonic.Fscale, plain('fscale')],
  [Mnemonic.Fxtract, plain('fxtract')],
  [Mnemonic.Fprem, plain('partialRemainder', 0)],
  [Mnemonic.Fprem1, plain('partialRemainder', 1)],
  [Mnemonic.F2xm1, plain('f2xm1')],
  [Mnemonic.Fyl2x, plain('fyl2x')],
  [Mnemonic.Fyl2xp1, plain('fyl2xp1')],
  [Mnemonic.Fsin, plain('fsin')],
  [Mnemonic.Fcos, plain('fcos')],
  [Mnemonic.Fsincos, plain('fsincos')],
  [Mnemonic.Fptan, plain('fptan')],
  [Mnemonic.Fpatan, plain('fpatan')],

  [Mnemonic.Fninit, control('fninit')],
  [Mnemonic.Fnclex, control('fnclex')],
  [Mnemonic.Fldcw, fldcw],
  [Mnemonic.Fnstcw, storeWord(Slot.FCW)],
  [Mnemonic.Fnstsw, storeWord(Slot.FSW)],
  [Mnemonic.Fnstenv, image('storeEnvironment')],
  [Mnemonic.Fnsave, image('storeEnvironment')],
  [Mnemonic.Fldenv, image('restoreEnvironment')],
  [Mnemonic.Frstor, image('restoreEnvironment')],
  [Mnemonic.Emms, control('emms', MMX)],
  [Mnemonic.Fxsave, area('fxsave', 0)],
  [Mnemonic.Fxsave64, area('fxsave', 1)],
  [Mnemonic.Fxrstor, area('fxrstor', 0)],
  [Mnemonic.Fxrstor64, area('fxrstor', 1)],
]);
