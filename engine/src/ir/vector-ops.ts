/**
 * Numbers of the vector operations. What they do is in vector-rows.ts and
 * vector-transfers.ts; floating point is in vector-float.ts.
 */

/** Numbers of the operations. Names: what, lane width in bits; S signed, U unsigned, F floating-point. */
export const enum VectorOp {
  /** d ← a */
  MOV,
  AND,
  /** ~a & b */
  ANDN,
  OR,
  XOR,

  ADD8,
  ADD16,
  ADD32,
  ADD64,
  SUB8,
  SUB16,
  SUB32,
  SUB64,
  /** With saturation. */
  ADDS8,
  ADDS16,
  ADDU8,
  ADDU16,
  SUBS8,
  SUBS16,
  SUBU8,
  SUBU16,

  /** Low and high halves of the products. */
  MULLOW16,
  MULHIGHS16,
  MULHIGHU16,
  /** Even 32-bit lanes, unsigned, to 64 bits. */
  MULU32,
  /** Products of signed words, neighbours added. */
  MULADD16,
  /** Sums of eight absolute differences of bytes. */
  SAD8,
  /** (a + b + 1) >> 1 */
  AVG8,
  AVG16,
  MINU8,
  MAXU8,
  MINS16,
  MAXS16,

  /** All ones where true. */
  EQ8,
  EQ16,
  EQ32,
  GT8,
  GT16,
  GT32,

  /** By the count in b's low half. */
  SHL16,
  SHL32,
  SHL64,
  SHR16,
  SHR32,
  SHR64,
  SAR16,
  SAR32,
  /** By the literal. */
  SHLI16,
  SHLI32,
  SHLI64,
  SHRI16,
  SHRI32,
  SHRI64,
  SARI16,
  SARI32,
  /** The whole vector by literal bytes. */
  SHLBYTES,
  SHRBYTES,

  /** Lanes of a's and b's low (high) halves in turn. */
  UNPACKLOW8,
  UNPACKLOW16,
  UNPACKLOW32,
  UNPACKLOW64,
  UNPACKHIGH8,
  UNPACKHIGH16,
  UNPACKHIGH32,
  UNPACKHIGH64,
  /** Signed lanes of a, b with saturation to bytes (words), signed or unsigned. */
  PACKS16,
  PACKS32,
  PACKU16,

  /** Four lanes of a, two bits of the literal each. */
  SHUFFLE32,
  /** Likewise within a's low (high) four words. */
  SHUFFLELOW16,
  SHUFFLEHIGH16,
  /** Two lanes of a, then two of b. */
  SHUFFLE2X32,
  SHUFFLE2X64,
  /** a with its lowest 32 (64) bits from b. */
  LOW32,
  LOW64,
  /** b's high half, a's high half. */
  HIGHHIGH,
  /** a's low half alone. */
  ZEXT64,

  /** Two signed doublewords to double; exact. */
  CVT_I32_F64,
  /** Approximations (SDM 2 "RCPPS", "RSQRTPS"); of the lowest lane, a's others kept. */
  RECIPROCAL,
  RECIPROCAL1,
  RSQRT,
  RSQRT1,

  // SSSE3, SSE4.1, SSE4.2
  /** Bytes of a by b's low four bits; 0 where b's top bit is set. */
  SHUFFLE8,
  ABS8,
  ABS16,
  ABS32,
  /** a negated, zero or as it is, by b's sign. */
  SIGN8,
  SIGN16,
  SIGN32,
  /** 16 bytes of b and then a, from the literal's on. */
  ALIGN8,
  HADD16,
  HADD32,
  HADDS16,
  HSUB16,
  HSUB32,
  HSUBS16,
  MULROUND16,
  /** Unsigned bytes of a by signed bytes of b, neighbours added with saturation. */
  MULADD8,
  /** Lanes of b where the literal has a bit. */
  BLEND16,
  BLEND32,
  BLEND64,
  MINS8,
  MAXS8,
  MINU16,
  MAXU16,
  MINS32,
  MAXS32,
  MINU32,
  MAXU32,
  MULLOW32,
  /** Even 32-bit lanes, signed, to 64 bits. */
  MULS32,
  /** b's low lanes made wider. */
  WIDENS8TO16,
  WIDENS8TO32,
  WIDENS8TO64,
  WIDENS16TO32,
  WIDENS16TO64,
  WIDENS32TO64,
  WIDENU8TO16,
  WIDENU8TO32,
  WIDENU8TO64,
  WIDENU16TO32,
  WIDENU16TO64,
  WIDENU32TO64,
  EQ64,
  GT64,
  PACKU32,
  /** The least unsigned word of b and its number. */
  MINPOS16,
  /** Eight sums of four absolute differences (SDM 2 "MPSADBW"). */
  MPSAD8,
  /** A lane of b into a, some made zero (SDM 2 "INSERTPS"). */
  INSERT32,
  COUNT,
}

/** Kinds of VGET. */
export const enum VectorGet {
  LANE8,
  LANE16,
  LANE32,
  LANE64,
  /** The lanes' sign bits, lane 0 lowest. */
  SIGNS8,
  SIGNS32,
  SIGNS64,
  COUNT,
}

/** Kinds of VSET. */
export const enum VectorSet {
  LANE8,
  LANE16,
  LANE32,
  LANE64,
  /** The value alone, the rest zero; a is not looked at. */
  ONLY32,
  ONLY64,
  /** The signed 32-bit value as a double in the low half: exact. */
  I32_F64,
  COUNT,
}
