/**
 * The micro-op set: the closed vocabulary in which `lift/` says what an x86
 * instruction does and which every way of executing it consumes.
 *
 * A micro-op is four 32-bit words: `op | aux << 8`, `d`, `a`, `b`. Unless said
 * otherwise d, a and b are slot numbers (cpu/state.ts) of 64-bit values. A
 * 32-bit operation reads the low halves and zero-extends its result.
 *
 * Rules a lifter keeps:
 * - An instruction starts with INSN and writes architectural slots only after
 *   its last micro-op that can fault, so that a fault leaves the state as it
 *   was before the instruction (SDM 3A 6.6 "restart").
 * - Temporaries (Slot.TEMP…) do not live from one INSN to the next.
 * - A block ends with exactly one of the control micro-ops (JUMP… END, RAISE).
 * - Addresses of code are given relative to the block's first instruction: the
 *   same physical code may run at several linear addresses.
 */
export const enum Op {
  /** A guest instruction begins: RIP ← block's RIP + d (bytes); length a. Counts one; the place where execution can stop exactly. */
  INSN = 0,
  /**
   * Stands before INSN where the debugger may want to stop; d as in INSN. Literal b: how many micro-ops come between,
   * which find out whether it must be asked, for whoever finds asking dear; they end with BREAKNZ, and whatever in
   * them would leave the block asks. Without any, it is asked always.
   */
  BREAK,
  /** The debugger must be asked, as at the BREAK before, if a ≠ 0. */
  BREAKNZ,

  // data ---------------------------------------------------------------
  /** d ← a */
  MOV,
  /** d ← a | b << 32, a and b literal words */
  CONST,
  /** d ← block's RIP + literal a, cut to aux (16, 32 or 64) bits */
  RIP,
  ADD64,
  SUB64,
  AND64,
  OR64,
  XOR64,
  /** Low 64 bits of the product. */
  MUL64,
  ADD32,
  SUB32,
  AND32,
  OR32,
  XOR32,
  MUL32,
  /** High 64 bits of the unsigned / signed 128-bit product. */
  MULHU64,
  MULHS64,
  /** Shifts and rotates: the count is b's value modulo 64 (or 32). */
  SHL64,
  SHR64,
  SAR64,
  SHL32,
  SHR32,
  SAR32,
  ROTL64,
  ROTR64,
  ROTL32,
  ROTR32,
  /** As above with b a literal, sign-extended. */
  ADDI64,
  ANDI64,
  ADDI32,
  ANDI32,
  SHLI64,
  SHRI64,
  SARI64,
  SHLI32,
  SHRI32,
  SARI32,
  /** d ← a + (b << aux) */
  ADDSHL64,
  ADDSHL32,
  /** Zero and sign extension of a's low part to 64 bits. */
  ZEXT8,
  ZEXT16,
  ZEXT32,
  SEXT8,
  SEXT16,
  SEXT32,
  /** d ← bits 8–15 of a (AH, CH, DH, BH) */
  ZEXT8H,
  /** d ← a with its low byte / bits 8–15 / low word taken from b's low part */
  INS8,
  INS8H,
  INS16,
  /** Counts on 64 bits; of zero: 64. */
  CLZ64,
  CTZ64,
  POPCNT64,
  BSWAP32,
  BSWAP64,
  /** d ← 1 or 0, on all 64 bits */
  EQ64,
  LTU64,
  LTS64,
  EQZ64,
  /** if a ≠ 0: d ← b */
  CMOVNZ,

  // memory ---------------------------------------------------------------
  /**
   * d ← memory at linear address a + literal b, zero-extended; aux: {@link MemAux}.
   * Can fault, in which case the block is left with the instruction not done.
   */
  LOAD8,
  LOAD16,
  LOAD32,
  LOAD64,
  /** memory at a + literal b ← low part of d */
  STORE8,
  STORE16,
  STORE32,
  STORE64,
  /**
   * d ← linear address of offset a in segment (aux & 7), checked for an access of
   * (b & 0xff) bytes, a write if b & 0x100; #GP(0) or #SS(0) when the check fails
   * (SDM 3A 5.3). Only emitted where segments are not flat, see Mode.FLAT.
   */
  SEGMENT,
  /** #GP(0) unless a is a canonical address: the target of an indirect jump in 64-bit mode. */
  CANONICAL,
  /**
   * rDX:rAX ÷ low part of a: quotient to rAX, remainder to rDX (1 byte: AX, to AL and AH), as DIV and IDIV do;
   * #DE when there is no answer. aux: bytes | 0x100 if signed. Only as an instruction's last micro-op.
   */
  DIVIDE,

  // flags -----------------------------------------------------------------
  /** Arithmetic flags ← those of an operation: d result, a and b sources, aux: `FlagsKind | size << 4`, size 0 = 8 bit … 3 = 64 bit. Values zero-extended or not: only the low part counts. */
  FLAGS,
  /** Arithmetic flags ← bits of a, in RFLAGS positions. */
  SETFLAGS,
  /** d ← arithmetic flags in RFLAGS positions, all other bits zero. */
  GETFLAGS,
  /** d ← 1 if condition aux holds (encoding of Jcc: 0 O, 1 NO, 2 B, … 15 NLE), else 0. */
  COND,

  // control ---------------------------------------------------------------
  /** Inside an instruction: skip the next b micro-ops if a = 0 / a ≠ 0 / always. */
  SKIPZ,
  SKIPNZ,
  SKIP,
  /** RIP ← block's RIP + literal d, cut to aux bits; leave. */
  JUMPI,
  /** RIP ← a; leave. */
  JUMP,
  /** Condition aux & 15: RIP ← block's RIP + literal d if it holds, else + literal a; cut to (aux >> 4) bits; leave. */
  JUMPCC,
  /** if a ≠ 0: block's RIP + literal d, else + literal b; cut to aux bits; leave. */
  JUMPNZ,
  /** Leave; RIP was set by a helper. */
  END,
  /** Exception aux with RIP at this instruction; error code literal b if a ≠ 0 (literal). */
  RAISE,
  /** Helper number aux (lift/helpers.ts) with words d, a, b as the helper defines them. Can fault, exit or stop. */
  HELPER,
  /**
   * In a REP instruction: helper number aux (helpers/string.ts) may do some of the iterations at once, and count
   * them. It cannot fault. Not to do any is as right, only slower; generated code leaves it to the evaluator.
   */
  BULK,
  /**
   * The whole of VMREAD with registers: d ← the field of the current VMCS whose encoding is in a. Checks, exits, sets
   * the flags as the manual says. Only as an instruction's last micro-op.
   */
  VMREAD,
  /** Likewise VMWRITE: the field whose encoding is in d ← a. */
  VMWRITE,

  // vectors -----------------------------------------------------------------
  // A vector is 128 bits: the slot named and the next one. Vectors live in
  // Slot.XMM0 … and in pairs of temporaries (IrBuilder.vector()), and these
  // slots are named by the micro-ops below only.
  /** vector d ← 16 bytes at linear address a + literal b; aux: {@link MemAux}, with ALIGNED. Faults as LOAD64. */
  LOAD128,
  /** 16 bytes at a + literal b ← vector d. Nothing is written when any byte cannot be. */
  STORE128,
  /** vector d ← VectorOp (aux & 0xff) of vectors a and b, with literal aux >> 8 (ir/vector-rows.ts). Pure. */
  VECTOR,
  /** d ← VectorGet (aux & 0xff) of vector a: a lane, number aux >> 8, zero-extended, or a mask of signs. Pure. */
  VGET,
  /** vector d ← vector a with VectorSet (aux & 0xff) of b's value put in at lane aux >> 8. Pure. */
  VSET,
  /**
   * vector d ← FloatOp (aux & 0x1f) of vectors a and b in FloatShape (aux >> 5 & 3), literal aux >> 8. Rounds as
   * MXCSR says, sets its flags; #XM with d unchanged when one is not masked (ir/vector-float.ts).
   */
  FLOAT,
  /** d ← FloatGet (aux & 0x1f) of scalars in vectors a and b, of FloatShape (aux >> 5 & 3). Can fault likewise. */
  FGET,
  /** vector d ← vector a with FloatSet (aux & 0x1f) of b's value as its lowest lane. Can fault likewise. */
  FSET,
  COUNT,
}

/** Bits of a memory micro-op's aux. */
export const enum MemAux {
  /** A non-canonical address raises #SS(0) instead of #GP(0). */
  STACK = 1,
  /** The linear address is cut to 32 bits. */
  WRAP32 = 2,
  /** A load that must also be allowed to write: the first half of a read-modify-write. */
  WRITE_INTENT = 4,
  /** Of LOAD128 and STORE128: an address that is no multiple of 16 raises #GP(0). */
  ALIGNED = 16,
}

/** What produced the lazy flags; the formulas are in ir/flags.ts. */
export const enum FlagsKind {
  /** CC_RESULT holds the flags themselves in RFLAGS positions. */
  RAW = 0,
  /** a + b (+ carry) = result */
  ADD = 1,
  /** a − b (− borrow) = result; also CMP, NEG (a = 0) */
  SUB = 2,
  /** AND, OR, XOR, TEST: CF = OF = AF = 0 */
  LOGIC = 3,
  /** a + 1; CF is bit 0 of b */
  INC = 4,
  /** a − 1; CF is bit 0 of b */
  DEC = 5,
  /** a << b, count b ≠ 0 already masked and at most the size */
  SHL = 6,
  /** a >> b unsigned */
  SHR = 7,
  /** a >> b signed */
  SAR = 8,
}

/** Words of a micro-op. */
export const WORDS = 4;

/** Names for dumps, in Op's order. */
export const OP_NAMES: readonly string[] =
  `INSN BREAK BREAKNZ MOV CONST RIP ADD64 SUB64 AND64 OR64 XOR64 MUL64 ADD32 SUB32 AND32 OR32 XOR32 MUL32 MULHU64 MULHS64
  SHL64 SHR64 SAR64 SHL32 SHR32 SAR32 ROTL64 ROTR64 ROTL32 ROTR32 ADDI64 ANDI64 ADDI32 ANDI32 SHLI64 SHRI64 SARI64
  SHLI32 SHRI32 SARI32 ADDSHL64 ADDSHL32 ZEXT8 ZEXT16 ZEXT32 SEXT8 SEXT16 SEXT32 ZEXT8H INS8 INS8H INS16 CLZ64 CTZ64
  POPCNT64 BSWAP32 BSWAP64 EQ64 LTU64 LTS64 EQZ64 CMOVNZ LOAD8 LOAD16 LOAD32 LOAD64 STORE8 STORE16 STORE32 STORE64
  SEGMENT CANONICAL DIVIDE FLAGS SETFLAGS GETFLAGS COND SKIPZ SKIPNZ SKIP JUMPI JUMP JUMPCC JUMPNZ END RAISE HELPER BULK
  VMREAD VMWRITE   LOAD128 STORE128 VECTOR VGET VSET FLOAT FGET FSET`.split(/\s+/);
