/** The interpreter of micro-ops: everything that is not compiled. */
import { Slot } from '../cpu/state';
import { FlagsKind, Op } from '../ir/ops';
import { loadOp, pushHost, pushMiss, storeOp } from './access';
import { type DivideOperands, emitDivide } from './divide';
import { Code, type Label } from './encoder';
import { Fn } from './functions';
import { Called, Control, Left, RIP_CELL } from './layout';
import { Type, W } from './opcodes';
import type { Operands } from './operands';
import { ROWS } from './ops';
import { V } from './simd';
import { emitVmwrite, pushVmread, type VmcsOperands } from './vmcs';

/** Stands in a loaded block for INSN where the instruction is the evaluator's from its start: it has a vector micro-op without code. */
export const OP_SLOW = Op.COUNT as number;

const RIP = RIP_CELL;
const CC_RESULT = Slot.CC_RESULT * 8;
const CC_A = Slot.CC_A * 8;
const CC_B = Slot.CC_B * 8;
const CC_KIND = Slot.CC_KIND * 8;

/** Operands as words at ip: slots are addresses there. */
class DynamicOperands implements Operands {
  private readonly scratches: number[];

  constructor(
    readonly c: Code,
    private readonly ip: number,
  ) {
    this.scratches = Array.from({ length: 6 }, () => c.local(Type.I64));
  }

  /** Pushes a word of the micro-op. */
  word(offset: number): Code {
    return this.c.get(this.ip).memory(W.I32_LOAD, offset);
  }

  a64 = (): Code => this.word(8).memory(W.I64_LOAD);
  a32 = (): Code => this.word(8).memory(W.I32_LOAD);
  b64 = (): Code => this.word(12).memory(W.I64_LOAD);
  b32 = (): Code => this.word(12).memory(W.I32_LOAD);
  d64 = (): Code => this.word(4).memory(W.I64_LOAD);
  literal64 = (): Code => this.c.get(this.ip).memory(W.I64_LOAD32_S, 12);
  literal32 = (): Code => this.word(12);
  constant = (): Code => this.c.get(this.ip).memory(W.I64_LOAD, 8);
  aux32 = (): Code => this.word(0).i32(8).op(W.I32_SHR_U);
  aux64 = (): Code => this.aux32().op(W.I64_EXTEND_I32_U);

  set64(value: () => void): void {
    this.word(4);
    value();
    this.c.memory(W.I64_STORE);
  }

  set32(value: () => void): void {
    this.word(4);
    value();
    this.c.op(W.I64_EXTEND_I32_U).memory(W.I64_STORE);
  }

  scratch(n: number): number {
    return this.scratches[n];
  }
}

/** interpret(address of an INSN or BREAK): runs up to the end of its block. Answers {@link Left} or an address. */
export function interpretFunction(): Code {
  const c = new Code(1);
  const ip = 0;
  const base = c.local(Type.I64);
  const insn = c.local(Type.I32);
  const budget = c.local(Type.I32);
  const mask = c.local(Type.I64);
  const field = c.local(Type.I32);
  const called = c.local(Type.I32);
  const access = { address: c.local(Type.I64), entry: c.local(Type.I32), bank: c.local(Type.I32) };
  const o = new DynamicOperands(c, ip);

  /** RIP's low half ← block's RIP + word d of the micro-op at a local; the high half stays. */
  const setRip = (at: number): void => {
    c.i32(0);
    c.get(base).op(W.I32_WRAP_I64).get(at).memory(W.I32_LOAD, 4).op(W.I32_ADD);
    c.memory(W.I32_STORE, RIP);
  };
  /** RIP ← block's RIP + the pushed i64, cut to the pushed i32 bits. */
  const jump = (delta: () => void, bits: () => void): void => {
    c.i32(0).get(base);
    delta();
    c.op(W.I64_ADD).i64(-1).i32(64);
    bits();
    c.op(W.I32_SUB).op(W.I64_EXTEND_I32_U).op(W.I64_SHR_U).op(W.I64_AND).memory(W.I64_STORE, RIP);
  };
  const aux = (shift: number, bits: number): void => {
    o.word(0).i32(shift).op(W.I32_SHR_U).i32(bits).op(W.I32_AND);
  };
  const literal = (offset: number) => () => {
    c.get(ip).memory(W.I64_LOAD32_S, offset);
  };
  const copy = (to: number, push: () => void): void => {
    c.i32(0);
    push();
    c.memory(W.I64_STORE, to);
  };
  const vmcs = (encoding: () => Code, value: () => Code = encoding): VmcsOperands => ({
    c,
    encoding,
    value,
    row: access.entry,
    vmcs: field,
    leaveIf: () => c.brIf(help),
  });
  /** VMsucceed clears the arithmetic flags (SDM 3C 31.2). */
  const succeed = (): void => {
    copy(CC_RESULT, () => c.i64(0));
    copy(CC_KIND, () => c.i64(FlagsKind.RAW));
  };

  // base: RIP less the distance of the first instruction
  c.i32(0).memory(W.I64_LOAD, RIP).i64Big(0xffffffff00000000n).op(W.I64_AND);
  c.i32(0).memory(W.I32_LOAD, RIP).get(ip).memory(W.I32_LOAD, 4).op(W.I32_SUB).op(W.I64_EXTEND_I32_U);
  c.op(W.I64_OR).set(base);

  /** What TypeScript may have changed. */
  const refresh = (): void => {
    c.i32(0).memory(W.I32_LOAD, Control.BUDGET).set(budget);
    c.i32(0).memory(W.I32_LOAD, Control.BANK).set(access.bank);
    c.i32(0).memory(W.I64_LOAD, Control.ADDRESS_MASK).set(mask);
  };
  /** Calls TypeScript for the micro-op at ip, with RIP and the budget exact; the instruction goes on unless abandoned. */
  const callOut = (fn: Fn, more: () => void): void => {
    setRip(insn);
    c.i32(0).get(budget).memory(W.I32_STORE, Control.BUDGET);
    c.get(insn).get(ip);
    more();
    c.call(fn).tee(called).i32(Called.GOES_ON).op(W.I32_NE);
    c.if();
    c.i32(Left.LIMIT).i32(Left.BLOCK);
    c.get(called).i32(Called.ABANDONED).op(W.I32_EQ).op(W.SELECT).op(W.RETURN);
    c.end();
    refresh();
    c.br(next);
  };

  refresh();
  c.get(ip).i32(16).op(W.I32_SUB).set(ip);

  const leave = c.block();
  const slow = c.block();
  const atStart = c.block();
  const next = c.loop();
  const help = c.block();
  const missed = c.block();
  const cases: Label[] = [];
  for (let op = OP_SLOW; op >= 0; op--) cases[op] = c.block();
  c.get(ip).i32(16).op(W.I32_ADD).tee(ip).memory(W.I32_LOAD8_U).brTable(cases, help);

  const bodies: { [op: number]: () => void } = {
    [OP_SLOW]: () => c.br(atStart),
    [Op.BREAK]: () => {
      literal(12)();
      c.op(W.I64_EQZ).brIf(atStart);
      // What follows leaves as an instruction does: it is charged until BREAKNZ.
      c.get(budget).i32(1).op(W.I32_SUB).set(budget);
      c.get(ip).set(insn);
    },
    [Op.BREAKNZ]: () => {
      o.a64().op(W.I64_EQZ).op(W.I32_EQZ).brIf(slow);
      c.get(budget).i32(1).op(W.I32_ADD).set(budget);
    },
    [Op.INSN]: () => {
      c.get(budget).op(W.I32_EQZ);
      c.if();
      setRip(ip);
      c.i32(0).i32(0).memory(W.I32_STORE, Control.BUDGET);
      c.i32(Left.LIMIT).op(W.RETURN);
      c.end();
      c.get(budget).i32(1).op(W.I32_SUB).set(budget);
      c.get(ip).set(insn);
    },
    [Op.RIP]: () =>
      o.set64(() => {
        c.get(base);
        literal(8)();
        c.op(W.I64_ADD).i64(-1).i32(64);
        aux(8, 0xff);
        c.op(W.I32_SUB).op(W.I64_EXTEND_I32_U).op(W.I64_SHR_U).op(W.I64_AND);
      }),
    [Op.CANONICAL]: () => {
      o.a64().i64(16).op(W.I64_SHL).i64(16).op(W.I64_SHR_S);
      o.a64().op(W.I64_NE).brIf(slow);
    },
    [Op.DIVIDE]: () => {
      const divide: DivideOperands = {
        c,
        push: (slot) => c.i32(0).memory(W.I64_LOAD, slot * 8),
        put: (slot, value) => copy(slot * 8, value),
        divisor: o.a64,
        scratch: (n) => o.scratch(n),
        leaveIf: () => c.brIf(slow),
      };
      for (const [bytes, signed] of [
        [4, false],
        [4, true],
        [8, false],
        [8, true],
      ] as const) {
        o.aux32()
          .i32(bytes | (signed ? 0x100 : 0))
          .op(W.I32_EQ);
        c.if();
        emitDivide(divide, bytes, signed);
        c.br(next);
        c.end();
      }
      c.br(slow);
    },
    [Op.FLAGS]: () => {
      copy(CC_RESULT, () => o.d64());
      copy(CC_A, () => o.a64());
      copy(CC_B, () => o.b64());
      copy(CC_KIND, () => o.aux64());
    },
    [Op.SETFLAGS]: () => {
      copy(CC_RESULT, () => o.a64().i64(0x8d5).op(W.I64_AND));
      copy(CC_KIND, () => c.i64(0));
    },
    [Op.VMREAD]: () => {
      o.set64(() => pushVmread(vmcs(() => o.a64())));
      succeed();
    },
    [Op.VMWRITE]: () => {
      emitVmwrite(
        vmcs(
          () => o.d64(),
          () => o.a64(),
        ),
      );
      succeed();
    },
    [Op.GETFLAGS]: () => o.set32(() => c.call(Fn.FLAGS)),
    [Op.COND]: () => o.set32(() => o.aux32().call(Fn.CONDITION)),
    [Op.SKIPZ]: () => {
      o.a64().op(W.I64_EQZ).brIf(next0);
      c.br(next);
    },
    [Op.SKIPNZ]: () => {
      o.a64().op(W.I64_EQZ).op(W.I32_EQZ).brIf(next0);
      c.br(next);
    },
    [Op.SKIP]: () => c.br(next0),
    [Op.JUMPI]: () => {
      jump(literal(4), () => aux(8, 0xff));
      c.br(leave);
    },
    [Op.END]: () => c.br(leave),
    [Op.JUMP]: () => {
      copy(RIP, () => o.a64());
      c.br(leave);
    },
    [Op.JUMPCC]: () => {
      jump(
        () => {
          literal(4)();
          literal(8)();
          aux(8, 15);
          c.call(Fn.CONDITION).op(W.SELECT);
        },
        () => aux(12, 0xff),
      );
      c.br(leave);
    },
    [Op.JUMPNZ]: () => {
      jump(
        () => {
          literal(12)();
          literal(4)();
          o.a64().op(W.I64_EQZ).op(W.SELECT);
        },
        () => aux(8, 0xff),
      );
      c.br(leave);
    },
  };
  const address = (): void => {
    // Outside long mode, or with MemAux.WRAP32, the address has 32 bits.
    o.a64();
    o.literal64().op(W.I64_ADD).get(mask).op(W.I64_AND);
    c.i64(-1).i64Big(0xffffffffn);
    aux(8, 2);
    c.op(W.I32_EQZ).op(W.SELECT).op(W.I64_AND).set(access.address);
  };
  for (let size = 0; size < 4; size++) {
    bodies[Op.LOAD8 + size] = () => {
      address();
      pushMiss(c, access, size, false);
      c.brIf(missed);
      // The first half of a read-modify-write needs the write tag too.
      aux(8, 4);
      c.if();
      pushMiss(c, access, size, true);
      c.brIf(missed);
      c.end();
      o.set64(() => {
        pushHost(c, access);
        c.memory(loadOp(size));
      });
    };
    bodies[Op.STORE8 + size] = () => {
      address();
      pushMiss(c, access, size, true);
      c.brIf(missed);
      pushHost(c, access);
      o.d64().memory(storeOp(size));
    };
  }
  /** After the address: 16 bytes, aligned if MemAux.ALIGNED says so. */
  const access128 = (write: boolean): void => {
    address();
    pushMiss(c, access, 4, write);
    c.get(access.address).op(W.I32_WRAP_I64).i32(15).op(W.I32_AND);
    aux(12, 1);
    c.i32(15).op(W.I32_MUL).op(W.I32_AND).op(W.I32_OR).brIf(missed);
  };
  bodies[Op.LOAD128] = () => {
    access128(false);
    o.word(4);
    pushHost(c, access);
    c.memory(V.V128_LOAD).memory(V.V128_STORE);
  };
  bodies[Op.STORE128] = () => {
    access128(true);
    pushHost(c, access);
    o.word(4).memory(V.V128_LOAD).memory(V.V128_STORE);
  };
  for (const op of [Op.VECTOR, Op.VGET, Op.VSET, Op.FLOAT, Op.FGET, Op.FSET]) {
    bodies[op] = () => c.get(ip).call(Fn.VECTOR).brIf(slow);
  }
  let next0 = next; // set below: continues with ip advanced by the skip's distance
  for (let op = 0; op <= OP_SLOW; op++) {
    c.end();
    const skips = op === Op.SKIPZ || op === Op.SKIPNZ || op === Op.SKIP;
    if (skips) {
      next0 = c.block();
      bodies[op]();
      c.end();
      c.get(ip);
      o.word(12).i32(4).op(W.I32_SHL).op(W.I32_ADD).set(ip);
      c.br(next);
      continue;
    }
    const emit = bodies[op] ?? rowBody(op, o);
    if (emit) {
      emit();
      c.br(next);
    } else c.br(help);
  }
  c.end(); // missed
  // Between BREAK and BREAKNZ nothing may happen.
  c.get(insn).memory(W.I32_LOAD8_U).i32(Op.BREAK).op(W.I32_EQ).brIf(slow);
  callOut(Fn.ACCESS, () => {
    c.get(access.address).op(W.I32_WRAP_I64);
    c.get(access.address).i64(32).op(W.I64_SHR_U).op(W.I32_WRAP_I64);
  });
  c.end(); // help
  callOut(Fn.HELP, () => {});
  c.end(); // next
  c.op(W.UNREACHABLE);
  c.end(); // atStart: a micro-op that begins an instruction, which is not charged yet
  setRip(ip);
  c.i32(0).get(budget).memory(W.I32_STORE, Control.BUDGET);
  c.get(ip).op(W.RETURN);
  c.end(); // slow: the instruction begins again
  setRip(insn);
  c.i32(0).get(budget).i32(1).op(W.I32_ADD).memory(W.I32_STORE, Control.BUDGET);
  c.get(insn).op(W.RETURN);
  c.end(); // leave
  c.i32(0).get(budget).memory(W.I32_STORE, Control.BUDGET);
  c.i32(Left.BLOCK);
  return c;
}

function rowBody(op: number, o: Operands): (() => void) | undefined {
  const emit = ROWS[op]?.emit;
  return emit && (() => emit(o));
}
