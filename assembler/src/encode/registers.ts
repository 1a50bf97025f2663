/**
 * The register names of the dialect (NASM manual, section 3.3 and appendix B)
 * with the number that goes into ModRM, SIB, VEX.vvvv or the opcode.
 */

/** What a register is; general registers are told apart by size. */
export type RegisterClass =
  | 'r8'
  | 'r16'
  | 'r32'
  | 'r64'
  | 'segment'
  | 'control'
  | 'debug'
  | 'test'
  | 'x87'
  | 'mmx'
  | 'xmm'
  | 'ymm'
  | 'zmm'
  | 'mask'
  | 'bounds'
  | 'tile';

/** One register name. */
export interface Register {
  name: string;
  class: RegisterClass;
  /** Hardware number, 0…31. */
  number: number;
  /** Bits; 0 where the size depends on the mode (control and debug registers). */
  size: number;
  /** `ah ch dh bh`: number 4…7, which any REX prefix would turn into `spl bpl sil dil`. */
  high: boolean;
  /** Registers with the same kind suit the same operands of every instruction. */
  kind: string;
  /** Needs a REX prefix to be named at all: `spl bpl sil dil`. */
  needsRex: boolean;
}

const registers = new Map<string, Register>();

/** Registers that some instruction names by itself: accumulators, counters, `dx`, `st0`, segments. */
function isSpecial(cls: RegisterClass, number: number, high: boolean): boolean {
  if (cls === 'segment') return true;
  if (cls === 'x87' || cls === 'xmm') return number === 0;
  return /^r\d/.test(cls) && number < 3 && !high;
}

function add(name: string, cls: RegisterClass, number: number, size: number, extra: Partial<Register> = {}) {
  const kind = isSpecial(cls, number, extra.high ?? false) ? name : number > 15 ? `${cls}^` : cls;
  registers.set(name, { name, class: cls, number, size, kind, high: false, needsRex: false, ...extra });
}

const legacy = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
for (let i = 0; i < 16; i++) {
  add(i < 8 ? legacy[i] : `r${i}w`, 'r16', i, 16);
  add(i < 8 ? `e${legacy[i]}` : `r${i}d`, 'r32', i, 32);
  add(i < 8 ? `r${legacy[i]}` : `r${i}`, 'r64', i, 64);
  if (i < 4) add(`${legacy[i][0]}l`, 'r8', i, 8);
  else if (i < 8) add(`${legacy[i]}l`, 'r8', i, 8, { needsRex: true });
  else add(`r${i}b`, 'r8', i, 8);
  add(`cr${i}`, 'control', i, 0);
  add(`dr${i}`, 'debug', i, 0);
}
['ah', 'ch', 'dh', 'bh'].forEach((name, i) => {
  add(name, 'r8', 4 + i, 8, { high: true });
});
['es', 'cs', 'ss', 'ds', 'fs', 'gs'].forEach((name, i) => {
  add(name, 'segment', i, 16);
});
for (let i = 0; i < 32; i++) {
  add(`xmm${i}`, 'xmm', i, 128);
  add(`ymm${i}`, 'ymm', i, 256);
  add(`zmm${i}`, 'zmm', i, 512);
}
for (let i = 0; i < 8; i++) {
  add(`tr${i}`, 'test', i, 32);
  add(`st${i}`, 'x87', i, 80);
  add(`mm${i}`, 'mmx', i, 64);
  add(`k${i}`, 'mask', i, 64);
  add(`tmm${i}`, 'tile', i, 0);
}
for (let i = 0; i < 4; i++) add(`bnd${i}`, 'bounds', i, 128);

/** The register of that lower-case name. */
export function findRegister(name: string): Register | undefined {
  return registers.get(name);
}

/** All registers, for tests and completion. */
export function allRegisters(): IterableIterator<Register> {
  return registers.values();
}

const classNames: Record<RegisterClass, string> = {
  r8: 'an 8-bit register',
  r16: 'a 16-bit register',
  r32: 'a 32-bit register',
  r64: 'a 64-bit register',
  segment: 'a segment register',
  control: 'a control register',
  debug: 'a debug register',
  test: 'a test register',
  x87: 'an x87 register',
  mmx: 'an MMX register',
  xmm: 'an xmm register',
  ymm: 'a ymm register',
  zmm: 'a zmm register',
  mask: 'a mask register',
  bounds: 'a bounds register',
  tile: 'a tile register',
};

/** The class in words, with its article. */
export function describeClass(cls: RegisterClass): string {
  return classNames[cls];
}
