import { Mnemonic } from 'iced-x86';
import { FlagsKind, Op } from '../ir/ops';
import { commit, FlagPosition, flags, setFlagBits, wide } from './common';
import type { LiftContext, LiftFunction, LiftTable } from './context';

/** ADD, SUB and, without writing the result, CMP. */
function additive(kind: FlagsKind.ADD | FlagsKind.SUB, keepResult: boolean): LiftFunction {
  const [op64, op32] = kind === FlagsKind.ADD ? [Op.ADD64, Op.ADD32] : [Op.SUB64, Op.SUB32];
  return (c) => {
    const n = c.bytes(0);
    const a = keepResult ? c.readModify(0) : c.readLow(0);
    const b = c.readLow(1);
    const r = c.op(wide(n, op64, op32), a, b);
    if (keepResult) commit(c, r, () => flags(c, kind, n, r, a, b));
    else flags(c, kind, n, r, a, b);
  };
}

/** ADC and SBB: the flags formulas find the carry in by themselves. */
function withCarry(kind: FlagsKind.ADD | FlagsKind.SUB): LiftFunction {
  const [op64, op32] = kind === FlagsKind.ADD ? [Op.ADD64, Op.ADD32] : [Op.SUB64, Op.SUB32];
  return (c) => {
    const n = c.bytes(0);
    const a = c.readModify(0);
    const b = c.readLow(1);
    const op = wide(n, op64, op32);
    const r = c.op(op, c.op(op, a, b), c.op(Op.COND, 0, 0, 2));
    commit(c, r, () => flags(c, kind, n, r, a, b));
  };
}

/** INC and DEC keep CF (SDM 2 "INC"). */
function step(kind: FlagsKind.INC | FlagsKind.DEC): LiftFunction {
  const by = kind === FlagsKind.INC ? 1 : -1;
  return (c) => {
    const n = c.bytes(0);
    const a = c.readModify(0);
    const carry = c.op(Op.COND, 0, 0, 2);
    const r = c.op(wide(n, Op.ADDI64, Op.ADDI32), a, by);
    commit(c, r, () => flags(c, kind, n, r, a, carry));
  };
}

function neg(c: LiftContext): void {
  const n = c.bytes(0);
  const b = c.readModify(0);
  const zero = c.ir.constant(0n);
  const r = c.op(wide(n, Op.SUB64, Op.SUB32), zero, b);
  commit(c, r, () => flags(c, FlagsKind.SUB, n, r, zero, b));
}

function not(c: LiftContext): void {
  const n = c.bytes(0);
  const a = c.readModify(0);
  const d = c.destination(0);
  c.ir.emit(wide(n, Op.XOR64, Op.XOR32), d, a, c.ir.constant(-1n));
  c.write(0, d);
}

/** AND, OR, XOR: the flags need only the result, so a wide register takes it directly. */
function logic(op64: Op, op32: Op): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const a = c.readModify(0);
    const immediateAnd = op64 === Op.AND64 && c.isImmediate(1);
    const b = immediateAnd ? 0 : c.readLow(1);
    const d = c.destination(0);
    if (immediateAnd) {
      const literal = Number(BigInt.asIntN(32, c.immediate(1)));
      c.ir.emit(wide(n, Op.ANDI64, Op.ANDI32), d, a, literal);
    } else c.ir.emit(wide(n, op64, op32), d, a, b);
    c.write(0, d);
    flags(c, FlagsKind.LOGIC, n, d, d, d);
  };
}

function test(c: LiftContext): void {
  const n = c.bytes(0);
  const a = c.readLow(0);
  if (c.isRegister(1) && c.isRegister(0) && c.insn.opRegister(0) === c.insn.opRegister(1)) {
    flags(c, FlagsKind.LOGIC, n, a, a, a);
    return;
  }
  let r: number;
  if (c.isImmediate(1)) {
    r = c.op(wide(n, Op.ANDI64, Op.ANDI32), a, Number(BigInt.asIntN(32, c.immediate(1))));
  } else r = c.op(wide(n, Op.AND64, Op.AND32), a, c.readLow(1));
  flags(c, FlagsKind.LOGIC, n, r, r, r);
}

/** ADCX and ADOX: an addition whose carry goes in and out through one flag, CF or OF; no other flag changes. */
function carryChain(position: FlagPosition.CF | FlagPosition.OF): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const a = c.read(0);
    const b = c.read(1);
    const carry = c.op(Op.COND, 0, 0, position === FlagPosition.CF ? 2 : 0);
    const first = c.op(Op.ADD64, a, b);
    const sum = c.op(Op.ADD64, first, carry);
    const out =
      n === 8
        ? c.op(Op.OR64, c.op(Op.LTU64, first, a), c.op(Op.LTU64, sum, first))
        : c.op(Op.SHRI64, sum, 32);
    setFlagBits(c, ~(1 << position), [[out, position]]);
    c.write(0, sum);
  };
}

/** Addition, subtraction, comparison and logic. */
export const arithmeticLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Add, additive(FlagsKind.ADD, true)],
  [Mnemonic.Sub, additive(FlagsKind.SUB, true)],
  [Mnemonic.Cmp, additive(FlagsKind.SUB, false)],
  [Mnemonic.Adc, withCarry(FlagsKind.ADD)],
  [Mnemonic.Sbb, withCarry(FlagsKind.SUB)],
  [Mnemonic.Inc, step(FlagsKind.INC)],
  [Mnemonic.Dec, step(FlagsKind.DEC)],
  [Mnemonic.Neg, neg],
  [Mnemonic.Not, not],
  [Mnemonic.And, logic(Op.AND64, Op.AND32)],
  [Mnemonic.Or, logic(Op.OR64, Op.OR32)],
  [Mnemonic.Xor, logic(Op.XOR64, Op.XOR32)],
  [Mnemonic.Test, test],
  [Mnemonic.Adcx, carryChain(FlagPosition.CF)],
  [Mnemonic.Adox, carryChain(FlagPosition.OF)],
]);
