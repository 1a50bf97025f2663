/** Functions of the interpreter for flags whose operation is known only at run time. */
import { Slot } from '../cpu/state';
import { Code } from './encoder';
import type { FlagsOperands, FlagsSource } from './flags';
import { Fn } from './functions';
import { Type, W } from './opcodes';

const CC_RESULT = Slot.CC_RESULT * 8;
const CC_A = Slot.CC_A * 8;
const CC_B = Slot.CC_B * 8;
const CC_KIND = Slot.CC_KIND * 8;

/** A function that does something for the kind and size found in CC_KIND. */
export function byKind(emit: (o: FlagsOperands, s: FlagsSource) => void): Code {
  const c = new Code(0);
  const operands: FlagsOperands = {
    c,
    r: () => c.i32(0).memory(W.I64_LOAD, CC_RESULT),
    a: () => c.i32(0).memory(W.I64_LOAD, CC_A),
    b: () => c.i32(0).memory(W.I64_LOAD, CC_B),
  };
  // RAW once, then every other kind in every size.
  const sources: FlagsSource[] = [{ kind: 0, size: 0, plain: false }];
  for (let kind = 1; kind <= 8; kind++) {
    for (let size = 0; size < 4; size++) sources.push({ kind, size, plain: false });
  }
  const labels = sources.map(() => c.block()).reverse();
  const table = Array.from({ length: 64 }, (_, packed) => {
    const kind = packed & 15;
    return labels[kind === 0 || kind > 8 ? 0 : (kind - 1) * 4 + (packed >> 4) + 1];
  });
  c.i32(0).memory(W.I32_LOAD, CC_KIND).i32(63).op(W.I32_AND).brTable(table, labels[0]);
  for (const source of sources) {
    c.end();
    emit(operands, source);
    c.op(W.RETURN);
  }
  c.op(W.UNREACHABLE);
  return c;
}

/** condition(code): code's lowest bit negates. */
export function conditionFunction(): Code {
  const c = new Code(1);
  const result = c.local(Type.I32);
  const done = c.block();
  const labels = Array.from({ length: 8 }, () => c.block()).reverse();
  c.get(0).i32(1).op(W.I32_SHR_U).brTable(labels, labels[0]);
  for (let pair = 0; pair < 8; pair++) {
    c.end()
      .call(Fn.CONDITION_PAIR + pair)
      .set(result)
      .br(done);
  }
  c.end();
  c.get(result).get(0).i32(1).op(W.I32_AND).op(W.I32_XOR);
  return c;
}
