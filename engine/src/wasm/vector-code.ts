import { Op } from '../ir/ops';
import { FloatOp } from '../ir/vector-float';
import type { VectorEmit } from './operands';
import { GET_CODE, SET_CODE, VECTOR_CODE } from './vector';
import { FLOAT_CODE, FLOAT_GET_CODE, FLOAT_SET_CODE } from './vector-float';

/** Operations of FLOAT whose code depends on the literal. */
const WITH_LITERAL: ReadonlySet<number> = new Set([FloatOp.CMP, FloatOp.ROUND]);

/** The code of a vector micro-op, if there is any. */
export function vectorCode(word: number): { emit: VectorEmit; needsLiteral: boolean } | undefined {
  const kind = (word >>> 8) & 0xff;
  const plain = (emit: VectorEmit | undefined, needsLiteral = false) => emit && { emit, needsLiteral };
  switch (word & 0xff) {
    case Op.VECTOR:
      return plain(VECTOR_CODE[kind]?.emit, VECTOR_CODE[kind]?.needsLiteral);
    case Op.VGET:
      return plain(GET_CODE[kind as 0]);
    case Op.VSET:
      return plain(SET_CODE[kind as 0]);
    case Op.FLOAT:
      return plain(FLOAT_CODE[kind], WITH_LITERAL.has(kind & 0x1f));
    case Op.FGET:
      return plain(FLOAT_GET_CODE[kind]);
    case Op.FSET:
      return plain(FLOAT_SET_CODE[kind]);
    default:
      return undefined;
  }
}
