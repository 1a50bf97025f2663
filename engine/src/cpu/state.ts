/**
 * The register file. Every architectural register of a processor is a 64-bit
 * slot in the machine's one `WebAssembly.Memory`, so that the evaluator and
 * generated code work on the same bytes and a snapshot is a copy.
 *
 * Micro-ops name slots directly: the general registers, the flags operands and
 * the temporaries of the IR are all slots.
 */

/** Slot numbers. Segment registers occupy four slots each, see {@link Seg}. */
export const enum Slot {
  RAX = 0,
  RCX = 1,
  RDX = 2,
  RBX = 3,
  RSP = 4,
  RBP = 5,
  RSI = 6,
  RDI = 7,
  R8 = 8,
  R15 = 15,
  /** Address of the current instruction while it runs; of the next one between instructions. */
  RIP = 16,
  /** Lazy arithmetic flags: result, first and second source, and `FlagsKind | size << 4` (ir/flags.ts). */
  CC_RESULT = 17,
  CC_A = 18,
  CC_B = 19,
  CC_KIND = 20,
  /** RFLAGS without the six arithmetic flags (those live in CC_*); bit 1 is always set. */
  RFLAGS = 21,

  /** ES, CS, SS, DS, FS, GS, LDTR, TR: selector, base, limit (in bytes, expanded), access rights. */
  SEGMENTS = 24,
  GDTR_BASE = 56,
  GDTR_LIMIT = 57,
  IDTR_BASE = 58,
  IDTR_LIMIT = 59,

  CR0 = 60,
  CR2 = 61,
  CR3 = 62,
  CR4 = 63,
  CR8 = 64,
  XCR0 = 65,
  DR0 = 66,
  DR6 = 72,
  DR7 = 73,
  /** PAE: the four page-directory pointers loaded with CR3 (SDM 3A 4.4.1). */
  PDPTE0 = 74,
  MTRR_DEF_TYPE = 78,

  EFER = 80,
  STAR = 81,
  LSTAR = 82,
  CSTAR = 83,
  FMASK = 84,
  KERNEL_GS_BASE = 85,
  SYSENTER_CS = 86,
  SYSENTER_ESP = 87,
  SYSENTER_EIP = 88,
  PAT = 89,
  TSC_AUX = 90,
  /** Added to the instruction clock to give the time-stamp counter (WRMSR to IA32_TSC moves it). */
  TSC_OFFSET = 91,
  APIC_BASE = 92,
  FEATURE_CONTROL = 93,
  MISC_ENABLE = 94,
  DEBUGCTL = 95,

  /** 0 running, 1 halted, 2 shutdown, 3 wait-for-SIPI (the VMCS's activity state, SDM 3C 25.4.2). */
  ACTIVITY = 96,
  /** Instruction count at which the STI / MOV SS shadow is in force (blocked iff equal to the current count). */
  SHADOW_STI = 97,
  SHADOW_SS = 98,
  NMI_BLOCKED = 99,
  /** Instructions begun since power-on (each REP iteration is one). */
  ICOUNT = 100,
  /** Ticks slept in HLT; clock = ICOUNT + IDLE. */
  IDLE = 101,

  /** VMX: 0 off, 1 root, 2 non-root. */
  VMX_MODE = 104,
  VMXON_POINTER = 105,
  /** Current VMCS, or all ones. */
  VMCS_POINTER = 106,
  /** Absolute clock at which the preemption timer fires, or all ones. */
  PREEMPTION_DEADLINE = 107,
  /** Groups of VM-entry checks that are due (virtualization/vmx/field-access.ts). No state: all may be due at any time. */
  VMX_UNCHECKED = 108,

  /**
   * XMM0 … XMM15, two slots each, low half first. Micro-ops name them by the first slot and only as vectors
   * (LOAD128 … FSET in ir/ops.ts), so whoever keeps registers elsewhere need not fear that halves are named.
   */
  XMM0 = 112,
  MXCSR = 144,
  /** What is left of the x87 without its arithmetic: control and status word, and what FXSAVE keeps. */
  FCW = 145,
  FSW = 146,
  /** Abridged tag word: a bit is 1 for a register that is not empty (SDM 1 10.5.1). */
  FTW = 147,
  FOP = 148,
  FIP = 149,
  FDP = 150,
  /** ST0/MM0 … ST7/MM7: two slots each, the upper one with sign and exponent. */
  ST0 = 152,

  /** First temporary of the IR. Temporaries do not live across instructions. */
  TEMP = 192,
  COUNT = 256,
}

/** Segment register numbers as in instruction encodings (SDM 2A Table 3-1), then LDTR and TR. */
export const enum Seg {
  ES = 0,
  CS = 1,
  SS = 2,
  DS = 3,
  FS = 4,
  GS = 5,
  LDTR = 6,
  TR = 7,
}

/** Offsets inside a segment's four slots. */
export const enum SegField {
  SELECTOR = 0,
  BASE = 1,
  LIMIT = 2,
  ACCESS = 3,
}

/**
 * Access rights in the VMCS's format (SDM 3C 25.4.1 Table 25-2): bits 0–3 type,
 * 4 S, 5–6 DPL, 7 P, 12 AVL, 13 L, 14 D/B, 15 G, 16 unusable.
 */
export const enum Access {
  TYPE = 0xf,
  S = 1 << 4,
  DPL_SHIFT = 5,
  P = 1 << 7,
  AVL = 1 << 12,
  L = 1 << 13,
  DB = 1 << 14,
  G = 1 << 15,
  UNUSABLE = 1 << 16,
}

/** RFLAGS bits (SDM 1 3.4.3). */
export const enum Flag {
  CF = 1,
  PF = 1 << 2,
  AF = 1 << 4,
  ZF = 1 << 6,
  SF = 1 << 7,
  TF = 1 << 8,
  IF = 1 << 9,
  DF = 1 << 10,
  OF = 1 << 11,
  IOPL = 3 << 12,
  NT = 1 << 14,
  RF = 1 << 16,
  VM = 1 << 17,
  AC = 1 << 18,
  VIF = 1 << 19,
  VIP = 1 << 20,
  ID = 1 << 21,
  /** The six flags that arithmetic sets; kept lazily. */
  ARITHMETIC = 0x8d5,
}

/** CR0 bits (SDM 3A 2.5). */
export const enum Cr0 {
  PE = 1,
  MP = 1 << 1,
  EM = 1 << 2,
  TS = 1 << 3,
  ET = 1 << 4,
  NE = 1 << 5,
  WP = 1 << 16,
  AM = 1 << 18,
  NW = 1 << 29,
  CD = 1 << 30,
  /** 2^31 as an unsigned number. */
  PG = 0x80000000,
}

/** CR4 bits (SDM 3A 2.5). */
export const enum Cr4 {
  VME = 1,
  PVI = 1 << 1,
  TSD = 1 << 2,
  DE = 1 << 3,
  PSE = 1 << 4,
  PAE = 1 << 5,
  MCE = 1 << 6,
  PGE = 1 << 7,
  PCE = 1 << 8,
  OSFXSR = 1 << 9,
  OSXMMEXCPT = 1 << 10,
  UMIP = 1 << 11,
  VMXE = 1 << 13,
  FSGSBASE = 1 << 16,
  PCIDE = 1 << 17,
  OSXSAVE = 1 << 18,
  SMEP = 1 << 20,
  SMAP = 1 << 21,
}

/** IA32_APIC_BASE bits below the address (SDM 3A 11.4.4). */
export const enum ApicBase {
  BOOTSTRAP = 1 << 8,
  ENABLED = 1 << 11,
}

/** IA32_EFER bits (SDM 3A 2.2.1). */
export const enum Efer {
  SCE = 1,
  LME = 1 << 8,
  LMA = 1 << 10,
  NXE = 1 << 11,
}

/** A segment register's contents. */
export interface SegmentValue {
  selector: number;
  base: bigint;
  limit: number;
  access: number;
}

/** MXCSR bits (SDM 1 10.2.3). */
export const enum Mxcsr {
  IE = 1,
  DE = 1 << 1,
  ZE = 1 << 2,
  OE = 1 << 3,
  UE = 1 << 4,
  PE = 1 << 5,
  DAZ = 1 << 6,
  /** The six masks, in the flags' order. */
  MASKS = 0x3f << 7,
  MASKS_SHIFT = 7,
  OM = 1 << 10,
  UM = 1 << 11,
  /** Rounding control: nearest, down, up, toward zero. */
  RC = 3 << 13,
  RC_SHIFT = 13,
  FTZ = 1 << 15,
  /** Bits that exist. */
  ALL = 0xffff,
  /** At reset: all exceptions masked. */
  RESET = 0x1f80,
}

/** Typed views over one processor's register file. */
export class CpuState {
  /** One element a slot. */
  readonly u64: BigUint64Array;
  /** Two elements a slot, low half first (the machine is little-endian). */
  readonly u32: Uint32Array;
  /** The same bytes as lanes of vectors: of n-byte elements, slot × 8 / n is a slot's first. */
  readonly i64: BigInt64Array;
  readonly i32: Int32Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly f64: Float64Array;
  readonly f32: Float32Array;

  /** @param buffer the machine's memory; @param offset byte offset of the register file, a multiple of 8. */
  constructor(
    buffer: ArrayBufferLike,
    readonly offset: number,
  ) {
    this.u64 = new BigUint64Array(buffer, offset, Slot.COUNT);
    this.u32 = new Uint32Array(buffer, offset, Slot.COUNT * 2);
    this.i64 = new BigInt64Array(buffer, offset, Slot.COUNT);
    this.i32 = new Int32Array(buffer, offset, Slot.COUNT * 2);
    this.u16 = new Uint16Array(buffer, offset, Slot.COUNT * 4);
    this.i16 = new Int16Array(buffer, offset, Slot.COUNT * 4);
    this.u8 = new Uint8Array(buffer, offset, Slot.COUNT * 8);
    this.i8 = new Int8Array(buffer, offset, Slot.COUNT * 8);
    this.f64 = new Float64Array(buffer, offset, Slot.COUNT);
    this.f32 = new Float32Array(buffer, offset, Slot.COUNT * 2);
  }

  /** The low 32 bits of a slot, unsigned. */
  low(slot: number): number {
    return this.u32[slot * 2];
  }

  /** Sets a slot to an unsigned 32-bit number. */
  setLow(slot: number, value: number): void {
    this.u32[slot * 2] = value;
    this.u32[slot * 2 + 1] = 0;
  }

  /** The high 32 bits of a slot, unsigned. */
  high(slot: number): number {
    return this.u32[slot * 2 + 1];
  }

  /** Sets a slot to two halves. */
  setHalves(slot: number, low: number, high: number): void {
    this.u32[slot * 2] = low;
    this.u32[slot * 2 + 1] = high;
  }

  /** Slot `to` ← slot `from`. */
  copy(to: number, from: number): void {
    this.u32[to * 2] = this.u32[from * 2];
    this.u32[to * 2 + 1] = this.u32[from * 2 + 1];
  }

  /** A slot as a JavaScript number; exact up to 2^53. */
  number(slot: number): number {
    return this.u32[slot * 2 + 1] * 0x100000000 + this.u32[slot * 2];
  }

  /** Stores a non-negative integer up to 2^53 into a slot. */
  setNumber(slot: number, value: number): void {
    this.u32[slot * 2] = value % 0x100000000;
    this.u32[slot * 2 + 1] = Math.floor(value / 0x100000000);
  }

  selector(seg: Seg): number {
    return this.u32[(Slot.SEGMENTS + seg * 4 + SegField.SELECTOR) * 2];
  }

  segmentBase(seg: Seg): bigint {
    return this.u64[Slot.SEGMENTS + seg * 4 + SegField.BASE];
  }

  segmentLimit(seg: Seg): number {
    return this.u32[(Slot.SEGMENTS + seg * 4 + SegField.LIMIT) * 2];
  }

  access(seg: Seg): number {
    return this.u32[(Slot.SEGMENTS + seg * 4 + SegField.ACCESS) * 2];
  }

  segment(seg: Seg): SegmentValue {
    return {
      selector: this.selector(seg),
      base: this.segmentBase(seg),
      limit: this.segmentLimit(seg),
      access: this.access(seg),
    };
  }

  /** As {@link setSegment}, with a base of 32 bits and no object. */
  setSegmentFields(seg: Seg, selector: number, base: number, limit: number, access: number): void {
    const { u32 } = this;
    const at = (Slot.SEGMENTS + seg * 4) * 2;
    u32[at + 2 * SegField.SELECTOR] = selector;
    u32[at + 2 * SegField.SELECTOR + 1] = 0;
    u32[at + 2 * SegField.BASE] = base;
    u32[at + 2 * SegField.BASE + 1] = 0;
    u32[at + 2 * SegField.LIMIT] = limit;
    u32[at + 2 * SegField.LIMIT + 1] = 0;
    u32[at + 2 * SegField.ACCESS] = access;
    u32[at + 2 * SegField.ACCESS + 1] = 0;
  }

  /** Writes a segment register without any check. Callers then call `Cpu.modeChanged()`. */
  setSegment(seg: Seg, value: SegmentValue): void {
    const slot = Slot.SEGMENTS + seg * 4;
    this.setLow(slot + SegField.SELECTOR, value.selector);
    this.u64[slot + SegField.BASE] = value.base;
    this.setLow(slot + SegField.LIMIT, value.limit);
    this.setLow(slot + SegField.ACCESS, value.access);
  }
}
