// Makes the vector files: assembles the instructions of instructions.mjs with
// NASM, chooses operand values, has recorder.c run them, and writes one file a
// family. Run it on an x86-64 Linux machine: `node engine/vectors/generate.mjs`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import iced from 'iced-x86';
import { FAMILIES } from './instructions.mjs';
import { LEGACY_FAMILIES } from './legacy.mjs';
import { SSE_FAMILIES, sseCase } from './sse.mjs';
import { X87_FAMILIES, x87Case } from './x87.mjs';

const { Decoder, InstructionInfoFactory, OpKind, Register, RegisterExt, RflagsBits } = iced;
const here = dirname(fileURLToPath(import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'vectors-'));

const SCRATCH = 0x20000000n;
const REGISTERS = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

/** What registers hold unless a case says otherwise; the pointers lead into the scratch page. README.md explains. */
const DEFAULTS_64 = [
  0x1122334455667788n,
  0x2233445566778899n,
  0x33445566778899aan,
  0x445566778899aabbn,
  0x20000c00n,
  0x20000600n,
  0x20000400n,
  0x20000800n,
  0x8877665544332211n,
  0x99aabbccddeeff00n,
  0xaabbccddeeff0011n,
  0xbbccddeeff001122n,
  0xccddeeff00112233n,
  0x20000700n,
  0x20000500n,
  8n,
];
const DEFAULTS_32 = DEFAULTS_64.map((r, k) => (k < 8 ? r & 0xffffffffn : 0n));
const DEFAULTS_SEGMENTED = DEFAULTS_32.map((r, k) => (k >= 4 ? r & 0xffffn : k === 3 ? 0x500n : r));

const NO_BASE = { ES: 0n, CS: 0n, SS: 0n, DS: 0n, FS: 0n, GS: 0n };
/** 64-bit mode: GS has a base of its own. */
const BASES_64 = { ...NO_BASE, GS: SCRATCH + 0x200n };
const BASES = { ES: SCRATCH + 0x100n, SS: SCRATCH, DS: SCRATCH, GS: SCRATCH + 0x200n };
const MODES = {
  64: {
    bits: 64,
    entry: 0x10000800n,
    defaults: DEFAULTS_64,
    bases: BASES_64,
    pointers: 'rsp rbp rsi rdi r13 r14 r15',
  },
  32: { bits: 32, entry: 0x10000800n, defaults: DEFAULTS_32, bases: NO_BASE, pointers: 'rsp rbp rsi rdi' },
  s32: {
    bits: 32,
    entry: 0x800n,
    defaults: DEFAULTS_SEGMENTED,
    bases: BASES,
    pointers: 'rbx rsp rbp rsi rdi',
  },
  s16: {
    bits: 16,
    entry: 0x800n,
    defaults: DEFAULTS_SEGMENTED,
    bases: BASES,
    pointers: 'rbx rsp rbp rsi rdi',
  },
};

// --- deterministic choice ------------------------------------------------------

let seed = 0;
/** Each family starts afresh, so that a change in one leaves the others' files alone. */
function restart(family) {
  seed = 0x2545f491;
  for (const letter of family) seed = (Math.imul(seed, 31) + letter.charCodeAt(0)) | 0;
}
function random32() {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return seed >>> 0;
}
function random64() {
  return (BigInt(random32()) << 32n) | BigInt(random32());
}
const pick = (list) => list[random32() % list.length];
const EDGES = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffff80n,
  0xffffffffffffffffn,
];
/** Half edge values, some of them with noise above the narrow part, half random. */
function value() {
  const r = random32() % 4;
  if (r < 2) return pick(EDGES);
  if (r === 2) return random64();
  const width = pick([8n, 16n, 32n]);
  return ((random64() >> width) << width) | BigInt.asUintN(Number(width), pick(EDGES));
}
const FLAG_BITS = 0x8d5;
const randomFlags = () =>
  random32() & 0x8000 ? random32() & FLAG_BITS : pick([0, 1, FLAG_BITS, 0x40, 0x801]);

// --- assembling ------------------------------------------------------------------

function assemble(texts, bits) {
  const source = join(work, 'a.asm');
  writeFileSync(source, `bits ${bits}\ndefault abs\n${texts.join('\n')}\n`);
  execFileSync('nasm', ['-f', 'bin', '-O0', '-o', join(work, 'a.bin'), '-l', join(work, 'a.lst'), source]);
  const bytes = [];
  for (const line of readFileSync(join(work, 'a.lst'), 'latin1').split('\n')) {
    const m = /^\s*(\d+) [0-9A-F]{8} ([0-9A-F()[\]]+)-?(\s|$)/.exec(line);
    if (!m) continue;
    const index = Number(m[1]) - 3;
    bytes[index] = (bytes[index] ?? '') + m[2].replace(/[()[\]]/g, '').toLowerCase();
  }
  texts.forEach((text, i) => {
    if (!bytes[i]) throw new Error(`no bytes for: ${text}`);
  });
  return bytes;
}

// --- what an instruction reads and leaves undefined --------------------------------

const factory = new InstructionInfoFactory();
const FLAG_OF = [
  [RflagsBits.OF, 0x800],
  [RflagsBits.SF, 0x80],
  [RflagsBits.ZF, 0x40],
  [RflagsBits.AF, 0x10],
  [RflagsBits.CF, 1],
  [RflagsBits.PF, 4],
];

function analyse(hex, mode) {
  const decoder = new Decoder(mode.bits, Uint8Array.from(Buffer.from(hex, 'hex')), 0);
  decoder.ip = mode.entry;
  const instruction = decoder.decode();
  if (instruction.isInvalid || instruction.length * 2 !== hex.length)
    throw new Error(`does not decode: ${hex}`);
  let undefinedFlags = 0;
  for (const [bit, flag] of FLAG_OF) if (instruction.rflagsUndefined & bit) undefinedFlags |= flag;
  const inAddress = new Set();
  for (const r of [instruction.memoryBase, instruction.memoryIndex]) {
    if (r !== Register.None) inAddress.add(nameOf(r));
  }
  const info = factory.info(instruction);
  const used = new Set();
  for (const u of info.usedRegisters()) {
    const name = nameOf(u.register);
    if (REGISTERS.includes(name)) used.add(name);
  }
  const memory = instruction.op0Kind === OpKind.Memory || instruction.op1Kind === OpKind.Memory;
  const xmm = [];
  for (let i = 0; i < instruction.opCount; i++) {
    const n = instruction.opKind(i) === OpKind.Register ? instruction.opRegister(i) - Register.XMM0 : -1;
    if (n >= 0 && n < 16 && !xmm.includes(n)) xmm.push(n);
  }
  const values = [...used].filter((r) => !inAddress.has(r) && !mode.pointers.split(' ').includes(r));
  return { undefinedFlags, values, memory, xmm, instruction };
}

function nameOf(register) {
  const full = RegisterExt.fullRegister(register);
  return Object.keys(Register)
    .find((k) => Register[k] === full && Number.isNaN(Number(k)))
    ?.toLowerCase();
}

/** Offset in the scratch page of the memory operand. */
function operandOffset(instruction, registers, mode) {
  const reg = (r) => (r === Register.None ? 0n : registers[REGISTERS.indexOf(nameOf(r))]);
  const base = instruction.isIpRelMemoryOperand ? 0n : reg(instruction.memoryBase);
  const sum =
    base +
    reg(instruction.memoryIndex) * BigInt(instruction.memoryIndexScale) +
    instruction.memoryDisplacement;
  const short = [instruction.memoryBase, instruction.memoryIndex].some(
    (r) => r !== Register.None && RegisterExt.size(r) === 2,
  );
  const offset = BigInt.asUintN(short || instruction.memoryDisplSize === 2 ? 16 : 32, sum);
  const segment = nameOf(instruction.memorySegment).toUpperCase();
  return Number(offset + (mode.bases[segment] ?? 0n) - SCRATCH);
}

// --- recording ------------------------------------------------------------------------

const hexOf = (v, bytes) =>
  Buffer.from(
    BigInt.asUintN(bytes * 8, v)
      .toString(16)
      .padStart(bytes * 2, '0'),
    'hex',
  )
    .reverse()
    .toString('hex');

function makeCase(template, about, k, mode) {
  const registers = [...mode.defaults];
  const width = mode.bits === 64 ? 64 : 32;
  for (const name of about.values) registers[REGISTERS.indexOf(name)] = BigInt.asUintN(width, value());
  const c = { registers, flags: randomFlags(), memory: new Map(), xmm: new Map(), mxcsr: 0x1f80 };
  c.get = (name) => registers[REGISTERS.indexOf(name)];
  c.set = (name, v) => {
    registers[REGISTERS.indexOf(name)] = BigInt.asUintN(width, BigInt(v));
  };
  c.poke = (offset, v, bytes) => c.memory.set(offset, hexOf(BigInt(v), bytes));
  template.prepare?.(c, k, { value, pick, random32, random64 });
  if (template.x87) {
    const offset = about.memory ? operandOffset(about.instruction, registers, mode) : undefined;
    x87Case(template, c, offset, { value, pick, random32, random64 });
    return c;
  }
  if (template.sse) {
    const offset = about.memory ? operandOffset(about.instruction, registers, mode) : undefined;
    sseCase(template.sse, c, about.xmm, offset, { value, pick, random32, random64 }, template.also);
    return c;
  }
  if (about.memory && !template.ownMemory) {
    const offset = operandOffset(about.instruction, registers, mode);
    if (offset >= 0 && offset <= 4080 && !c.memory.has(offset)) {
      const v = template.memoryValue?.(c, k, { value, pick, random32, random64 });
      c.poke(offset, v ?? value(), 8);
      if (template.wideMemory) c.poke(offset + 8, value(), 8);
    }
  }
  return c;
}

/** The x87 as words of a case: registers that are not zero, control, status and tags. */
function x87Words(c) {
  if (!c.st) return [];
  const words = c.st.flatMap((v, n) => (v === 0n ? [] : [`S${n}=${v.toString(16)}`]));
  return [...words, `C=${c.control.toString(16)}`, `W=${c.status.toString(16)}`, `T=${c.tags.toString(16)}`];
}

execFileSync('cc', ['-O2', '-o', join(work, 'recorder'), join(here, 'recorder.c')]);

// Families to record may be named; all of them otherwise.
const wanted = process.argv.slice(2);
let total = 0;
for (const [family, { mode: modeName, templates }] of Object.entries({
  ...FAMILIES,
  ...LEGACY_FAMILIES,
  ...SSE_FAMILIES,
  ...X87_FAMILIES,
})) {
  if (wanted.length > 0 && !wanted.includes(family)) continue;
  const mode = MODES[modeName];
  restart(family);
  const bytes = assemble(
    templates.map((t) => t.text),
    mode.bits,
  );
  const cases = [];
  templates.forEach((template, i) => {
    const about = analyse(bytes[i], mode);
    const count = template.cases ?? 12;
    for (let k = 0; k < count; k++) cases.push({ template, i, about, ...makeCase(template, about, k, mode) });
  });
  const input = cases
    .map((c) => {
      const memory = [...c.memory].map(([offset, hex]) => ` ${offset.toString(16)}:${hex}`).join('');
      const vectors = [...c.xmm]
        .map(([n, v]) => ` x${n.toString(16)}=${v.toString(16).padStart(32, '0')}`)
        .join('');
      const x87 = x87Words(c).join(' ');
      return `${modeName} ${bytes[c.i]} ${c.registers.map((r) => r.toString(16)).join(' ')} ${c.flags.toString(16)}${memory}${vectors} m=${c.mxcsr.toString(16)} ${x87}\n`;
    })
    .join('');
  const results = execFileSync(join(work, 'recorder'), { input, maxBuffer: 1 << 28 })
    .toString()
    .trim()
    .split('\n');
  if (results.length !== cases.length) throw new Error(`${family}: the recorder lost cases`);
  const lines = [`@ ${modeName}`];
  let last = -1;
  cases.forEach((c, n) => {
    if (c.i !== last) {
      lines.push(
        `# ${bytes[c.i]} ${(c.template.undefinedFlags ?? c.about.undefinedFlags).toString(16)} ${c.template.text}`,
      );
      last = c.i;
    }
    const [vector, rip, ...rest] = results[n].split(' ');
    // Upper halves are not architectural outside 64-bit mode (a 16-bit stack's even show kernel bits).
    const after = rest.slice(0, 16).map((h) => BigInt.asUintN(mode.bits === 64 ? 64 : 32, BigInt(`0x${h}`)));
    const given = [];
    const got = [];
    c.registers.forEach((r, k) => {
      if (r !== mode.defaults[k]) given.push(`${k.toString(16)}=${r.toString(16)}`);
      if (after[k] !== r) got.push(`${k.toString(16)}=${after[k].toString(16)}`);
    });
    given.push(`f=${c.flags.toString(16)}`);
    for (const [n, v] of c.xmm) given.push(`x${n.toString(16)}=${v.toString(16)}`);
    if (c.mxcsr !== 0x1f80) given.push(`m=${c.mxcsr.toString(16)}`);
    given.push(...x87Words(c));
    for (const [offset, hex] of c.memory) given.push(`${offset.toString(16)}:${hex}`);
    if (vector !== '3') got.push(`x=${Number(vector).toString(16)}`);
    const target = BigInt(`0x${rip}`);
    if (vector === '3' && target !== mode.entry + BigInt(bytes[c.i].length / 2))
      got.push(`p=${target.toString(16)}`);
    if (rest[16] !== c.flags.toString(16)) got.push(`f=${rest[16]}`);
    got.push(...rest.slice(17).map((word) => word.replace(/^(x.=)0+(?=.)/, '$1')));
    lines.push(`${given.join(' ')}|${got.join(' ')}`);
  });
  writeFileSync(join(here, `${family}.txt`), `${lines.join('\n')}\n`);
  total += cases.length;
  console.log(`${family}: ${templates.length} instructions, ${cases.length} cases`);
}
console.log(`${total} cases`);
