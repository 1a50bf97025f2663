/**
 * Where an instruction's displacement and immediate are, without decoding what
 * it does: enough to say that two instructions differ in nothing else. It knows
 * the ordinary encodings (SDM 2A 2.1); whatever else there is, it says so.
 *
 * An instruction's *shape* is its bytes in front of displacement and immediate,
 * the code's mode, whether the displacement is zero (the lifter then leaves the
 * addition out), and an immediate that selects an operation (a shift's count, a
 * shuffle's order) and not merely is a number.
 */
import { Mode } from '../ir/block';

/** What {@link Shape.values} holds of the instruction, by number; all 32 bits wide. */
export const enum Value {
  /** Distance from the block's start. */
  DELTA,
  /** Displacement, sign-extended, and what stands above its 32 bits in a 64-bit number. */
  DISPLACEMENT,
  DISPLACEMENT_HIGH,
  /** Immediate, likewise; and zero-extended from its low 8 and 16 bits. */
  IMMEDIATE,
  IMMEDIATE_HIGH,
  IMMEDIATE8,
  IMMEDIATE16,
  /** Delta and immediate together: but for a constant, the target of a relative branch. */
  TARGET,
  COUNT,
}

/** Bytes that a shape's key has room for. */
const MAX_SHAPE_BYTES = 7;

/** Longest instruction of the kinds known here. */
const MAX_BYTES = 15;

/** Facts about an opcode, by map and byte. */
const enum Fact {
  /** How long the immediate is: {@link Immediate}. */
  IMMEDIATE = 0xf,
  MODRM = 0x10,
  PREFIX = 0x20,
  ESCAPE = 0x40,
  KNOWN = 0x80,
}

const enum Immediate {
  NONE,
  /** One byte, a number. */
  BYTE,
  WORD,
  /** By operand size: 2 or 4 bytes; or with REX.W 8. */
  SIZED,
  FULL,
  /** One byte that selects an operation: part of the shape. */
  SELECTOR,
  /** Relative branches. */
  SHORT,
  NEAR,
  /** Not an immediate but an absolute address, counted as displacement. */
  OFFSET,
  /** Group 3: TEST alone has one, of a byte or by operand size. */
  TEST_BYTE,
  TEST_SIZED,
}

/** Meaning of the letters below. */
const LETTERS: { [letter: string]: number } = {
  '.': 0,
  n: Fact.KNOWN,
  m: Fact.KNOWN | Fact.MODRM,
  p: Fact.PREFIX,
  r: Fact.PREFIX,
  x: Fact.ESCAPE,
  b: Fact.KNOWN | Immediate.BYTE,
  w: Fact.KNOWN | Immediate.WORD,
  z: Fact.KNOWN | Immediate.SIZED,
  v: Fact.KNOWN | Immediate.FULL,
  s: Fact.KNOWN | Immediate.SELECTOR,
  j: Fact.KNOWN | Immediate.SHORT,
  J: Fact.KNOWN | Immediate.NEAR,
  o: Fact.KNOWN | Immediate.OFFSET,
  t: Fact.KNOWN | Fact.MODRM | Immediate.TEST_BYTE,
  T: Fact.KNOWN | Fact.MODRM | Immediate.TEST_SIZED,
  B: Fact.KNOWN | Fact.MODRM | Immediate.BYTE,
  Z: Fact.KNOWN | Fact.MODRM | Immediate.SIZED,
  S: Fact.KNOWN | Fact.MODRM | Immediate.SELECTOR,
};

/** One-byte opcodes (SDM 2D A.3), a row of sixteen a line. A dot is left to the real decoder. */
const ONE_BYTE = `
  mmmmbznn mmmmbznx
  mmmmbznn mmmmbznn
  mmmmbzpn mmmmbzpn
  mmmmbzpn mmmmbzpn
  rrrrrrrr rrrrrrrr
  nnnnnnnn nnnnnnnn
  nn.mppp. zZbBnnnn
  jjjjjjjj jjjjjjjj
  BZ.Bmmmm mmmmmmm.
  nnnnnnnn nn.nnnnn
  oooonnnn bznnnnnn
  bbbbbbbb vvvvvvvv
  SSwn..BZ .nwnnsnn
  mmmmss.n mmmmmmmm
  jjjjssss JJ.jnnnn
  pnppnntT nnnnnnmm`;

/** Opcodes after 0F. */
const TWO_BYTE = `
  mmmm.nnn nn.n.mn.
  mmmmmmmm mmmmmmmm
  ........ mmmmmmmm
  nnnnnn.. x.x.....
  mmmmmmmm mmmmmmmm
  mmmmmmmm mmmmmmmm
  mmmmmmmm mmmmmmmm
  SSSSmmmn mm..mmmm
  JJJJJJJJ JJJJJJJJ
  mmmmmmmm mmmmmmmm
  nnnmSm.. nnnmSmmm
  mmmmmmmm mmSmmmmm
  mmSmSSSm nnnnnnnn
  mmmmmmmm mmmmmmmm
  mmmmmmmm mmmmmmmm
  mmmmmmmm mmmmmmmm`;

const MAP = 256;
const MAPS = 4;

/** The four maps for 64-bit code, then for 32-bit code, which has INC and DEC in the place of REX. */
const FACTS = new Uint8Array(2 * MAPS * MAP);
[ONE_BYTE, TWO_BYTE, 'm'.repeat(MAP), 'S'.repeat(MAP)].forEach((letters, map) => {
  [...letters.replace(/\s/g, '')].forEach((letter, opcode) => {
    const at = map * MAP + opcode;
    FACTS[at] = LETTERS[letter];
    FACTS[MAPS * MAP + at] = LETTERS[letter === 'r' ? 'n' : letter];
  });
});

/** By ModRM byte: bytes of the displacement, or HAS_SIB where there is a SIB byte too. Addresses of 16 bits are not known here. */
const HAS_SIB = 8;
const MODRM = Uint8Array.from({ length: 256 }, (_, modrm) => {
  const mod = modrm >> 6;
  const rm = modrm & 7;
  if (mod === 3) return 0;
  const bytes = mod === 1 ? 1 : mod === 2 || rm === 5 ? 4 : 0;
  return bytes | (rm === 4 ? HAS_SIB : 0);
});

/** Reads instructions; the fields describe the last one. */
export class Shape {
  /** Bytes of the instruction. */
  length = 0;
  /** Bytes in front of displacement and immediate. */
  head = 0;
  displacementBytes = 0;
  /** Of an immediate that is a number. */
  immediateBytes = 0;
  /** The key. */
  key0 = 0;
  key1 = 0;
  key2 = 0;
  /** By {@link Value}; those of what the instruction does not have are stale. */
  readonly values = new Int32Array(Value.COUNT);

  /**
   * @param at where the instruction begins; {@link MAX_BYTES} + 1 bytes can be read from there
   * @param end where the bytes end that belong to it
   * @param mode {@link Mode} bits of 32- or 64-bit code
   * @returns false when the decoder must look: unusual, too long or cut off
   */
  read(bytes: Uint8Array, view: DataView, at: number, end: number, mode: number): boolean {
    const table = mode & Mode.CODE64 ? 0 : MAPS * MAP;
    const { values } = this;
    let p = at;
    let byte = bytes[p];
    let fact = FACTS[table + byte];
    let narrow = false;
    let wide = false;
    while (fact & Fact.PREFIX) {
      if (byte === 0x66) narrow = true;
      const rex = (byte & 0xf0) === 0x40;
      if (rex && byte & 8) wide = true;
      byte = bytes[++p];
      fact = FACTS[table + byte];
      // REX counts only right in front of the opcode (SDM 2A 2.2.1).
      if (p - at >= MAX_SHAPE_BYTES || (rex && fact & Fact.PREFIX)) return false;
    }
    if (fact & Fact.ESCAPE) {
      byte = bytes[++p];
      fact = FACTS[table + MAP + byte];
      if (fact & Fact.ESCAPE) fact = FACTS[table + (byte === 0x38 ? 2 : 3) * MAP + bytes[++p]];
    }
    if (!(fact & Fact.KNOWN)) return false;
    p++;

    let displacement = 0;
    let reg = 0;
    if (fact & Fact.MODRM) {
      const modrm = bytes[p++];
      reg = modrm & 0x38;
      displacement = MODRM[modrm];
      if (displacement & HAS_SIB) {
        displacement &= 7;
        // No base: a displacement of 4 bytes.
        if ((bytes[p++] & 7) === 5 && modrm < 0x40) displacement = 4;
      }
    }
    let immediate = 0;
    let selects = false;
    let branch = false;
    switch (fact & Fact.IMMEDIATE) {
      case Immediate.NONE:
        break;
      case Immediate.BYTE:
        immediate = 1;
        break;
      case Immediate.WORD:
        immediate = 2;
        break;
      case Immediate.SIZED:
        immediate = narrow && !wide ? 2 : 4;
        break;
      case Immediate.FULL:
        immediate = wide ? 8 : narrow ? 2 : 4;
        break;
      case Immediate.SELECTOR:
        selects = true;
        break;
      case Immediate.SHORT:
        immediate = 1;
        branch = true;
        break;
      case Immediate.NEAR:
        immediate = 4;
        branch = true;
        break;
      case Immediate.OFFSET:
        displacement = mode & Mode.CODE64 ? 8 : 4;
        break;
      case Immediate.TEST_BYTE:
        if (reg < 0x10) immediate = 1;
        break;
      case Immediate.TEST_SIZED:
        if (reg < 0x10) immediate = narrow && !wide ? 2 : 4;
        break;
    }
    // With an operand-size prefix the processors differ in what a branch is.
    if (branch && narrow) return false;

    const head = p - at;
    if (head > MAX_SHAPE_BYTES) return false;
    let key2 = mode;
    if (displacement > 0) {
      let high = 0;
      let low: number;
      if (displacement === 1) low = (bytes[p] << 24) >> 24;
      else low = view.getInt32(p, true);
      if (displacement === 8) high = view.getInt32(p + 4, true);
      else high = low >> 31;
      values[Value.DISPLACEMENT] = low;
      values[Value.DISPLACEMENT_HIGH] = high;
      if ((low | high) === 0) key2 |= ZERO_DISPLACEMENT;
      p += displacement;
    }
    let key1 = 0;
    if (immediate > 0) {
      let low: number;
      if (immediate === 1) low = (bytes[p] << 24) >> 24;
      else if (immediate === 2) low = view.getInt16(p, true);
      else low = view.getInt32(p, true);
      values[Value.IMMEDIATE] = low;
      values[Value.IMMEDIATE_HIGH] = immediate === 8 ? view.getInt32(p + 4, true) : low >> 31;
      values[Value.IMMEDIATE8] = low & 0xff;
      values[Value.IMMEDIATE16] = low & 0xffff;
      values[Value.TARGET] = values[Value.DELTA] + low;
      p += immediate;
    } else if (selects) key1 = bytes[p++] << 24;
    if (p > end) return false;

    this.length = p - at;
    this.head = head;
    this.displacementBytes = displacement;
    this.immediateBytes = immediate;
    let key0 = view.getInt32(at, true);
    if (head < 4) key0 &= (1 << (head * 8)) - 1;
    else if (head > 4) key1 |= view.getInt32(at + 4, true) & ((1 << (head * 8 - 32)) - 1);
    this.key0 = key0;
    this.key1 = key1;
    this.key2 = key2;
    return true;
  }
}

/** In {@link Shape.key2}, above the mode: there is a displacement and it is zero. */
const ZERO_DISPLACEMENT = 0x100;

/** Bytes that {@link Shape.read} may look at. */
export const SHAPE_WINDOW = MAX_BYTES + 16;
