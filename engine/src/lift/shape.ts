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

/** Bytes that a shape's key has room for, besides the selecting immediate. */
export const MAX_SHAPE_BYTES = 7;

/** Longest instruction of the kinds known here. */
const MAX_BYTES = 15;

/**
 * Facts about an opcode. Four bits each say how long the immediate is: as a
 * rule, with an operand-size prefix, and with REX.W.
 */
export const enum Fact {
  BYTES = 0xf,
  MODRM = 0x1000,
  PREFIX = 0x2000,
  ESCAPE = 0x4000,
  KNOWN = 0x8000,
  /** One byte that selects an operation follows: part of the shape. */
  SELECTOR = 0x10000,
  /** A relative branch. With an operand-size prefix the processors differ in what it is. */
  BRANCH = 0x20000,
  /** What counts as immediate is an absolute address: a displacement. */
  OFFSET = 0x40000,
  /** Group 3: of its instructions, only TEST has the immediate. */
  TEST = 0x80000,
}

/** How far the length that counts stands to the left in a fact. */
export const enum Width {
  USUAL = 0,
  /** With an operand-size prefix. */
  NARROW = 4,
  /** With REX.W, which outdoes it. */
  WIDE = 8,
}

/** Immediates of 1 and 2 bytes; of the operand's size, sign-extended from 4 or not. */
const BYTE = 0x111;
const WORD = 0x222;
const SIZED = 0x424;
const FULL = 0x824;
const KNOWN = Fact.KNOWN as number;

/** Meaning of the letters below. */
const LETTERS: { [letter: string]: number } = {
  '.': 0,
  n: KNOWN,
  m: KNOWN | Fact.MODRM,
  p: Fact.PREFIX,
  r: Fact.PREFIX,
  x: Fact.ESCAPE,
  b: KNOWN | BYTE,
  w: KNOWN | WORD,
  z: KNOWN | SIZED,
  v: KNOWN | FULL,
  s: KNOWN | Fact.SELECTOR,
  j: KNOWN | Fact.BRANCH | BYTE,
  J: KNOWN | Fact.BRANCH | 0x444,
  o: KNOWN | Fact.OFFSET | 0x888,
  t: KNOWN | Fact.MODRM | Fact.TEST | BYTE,
  T: KNOWN | Fact.MODRM | Fact.TEST | SIZED,
  B: KNOWN | Fact.MODRM | BYTE,
  Z: KNOWN | Fact.MODRM | SIZED,
  S: KNOWN | Fact.MODRM | Fact.SELECTOR,
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

/** Entries of a map, and of the maps of one kind of code. */
export const MAP = 256;
export const MAPS = 4 * MAP;

/** {@link Fact}s by opcode: the four maps for 64-bit code, then for 32-bit code, which has INC and DEC in the place of REX. */
export const FACTS = new Uint32Array(2 * MAPS);
[ONE_BYTE, TWO_BYTE, 'm'.repeat(MAP), 'S'.repeat(MAP)].forEach((letters, map) => {
  [...letters.replace(/\s/g, '')].forEach((letter, opcode) => {
    const at = map * MAP + opcode;
    FACTS[at] = LETTERS[letter];
    FACTS[MAPS + at] = letter === 'r' ? KNOWN : letter === 'o' ? LETTERS.o ^ 0xccc : LETTERS[letter];
  });
});

/** By ModRM byte: bytes of the displacement, or HAS_SIB where there is a SIB byte too. Addresses of 16 bits are not known here. */
export const HAS_SIB = 8;
export const MODRM = Uint8Array.from({ length: 256 }, (_, modrm) => {
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
    const table = mode & Mode.CODE64 ? 0 : MAPS;
    const { values } = this;
    let p = at;
    let byte = bytes[p];
    let fact = FACTS[table + byte];
    let width: number = Width.USUAL;
    while (fact & Fact.PREFIX) {
      const rex = (byte & 0xf0) === 0x40;
      if (byte === 0x66 && width === Width.USUAL) width = Width.NARROW;
      if (rex && byte & 8) width = Width.WIDE;
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
    let immediate = (fact >>> width) & Fact.BYTES;
    if (fact & Fact.MODRM) {
      const modrm = bytes[p++];
      displacement = MODRM[modrm];
      if (displacement & HAS_SIB) {
        displacement &= ~HAS_SIB;
        // No base: a displacement of 4 bytes.
        if ((bytes[p++] & 7) === 5 && modrm < 0x40) displacement = 4;
      }
      if (fact & Fact.TEST && modrm & 0x30) immediate = 0;
    }
    if (fact & Fact.OFFSET) {
      displacement = immediate;
      immediate = 0;
    }
    if (fact & Fact.BRANCH && width === Width.NARROW) return false;

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
    } else if (fact & Fact.SELECTOR) key1 = bytes[p++] << 24;
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
export const ZERO_DISPLACEMENT = 0x100;

/** Bytes that {@link Shape.read} may look at. */
export const SHAPE_WINDOW = MAX_BYTES + 16;
