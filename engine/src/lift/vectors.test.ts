/**
 * Replays what a real processor did (engine/vectors) through the lifter and
 * the evaluator: registers, flags, memory, RIP and #DE must be the same.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Abort, Cpu } from '../cpu/cpu';
import { Access, CpuState, Cr0, Cr4, Efer, Flag, Seg, type SegmentValue, Slot } from '../cpu/state';
import { PortSpace } from '../devices/ports';
import { Evaluator } from '../execution/evaluator';
import { type Block, Mode } from '../ir/block';
import { getFlags, setFlags } from '../ir/flags';
import type { Mmu } from '../memory/mmu';
import type { SoftMmu } from '../memory/soft-mmu';
import { Lifter } from './block';

const SCRATCH = 0x20000000;
const CODE = 0x10000000n;
const PAGE = 4096;

/** Initial registers, as in engine/vectors/generate.mjs. */
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

const CODE_ACCESS = Access.P | Access.S | (3 << Access.DPL_SHIFT) | 0xb;
const DATA_ACCESS = Access.P | Access.S | (3 << Access.DPL_SHIFT) | 3;

function data(selector: number, base: number, limit: number, access = DATA_ACCESS | Access.DB) {
  return { selector, base: BigInt(base), limit, access };
}

type Segments = [Seg, SegmentValue][];

function flatSegments(cs: number, access: number): Segments {
  const flat = data(0x2b, 0, 0xffffffff, DATA_ACCESS | Access.DB | Access.G);
  return [
    [Seg.CS, { ...flat, selector: cs, access: CODE_ACCESS | Access.G | access }],
    ...[Seg.ES, Seg.SS, Seg.DS].map((seg): [Seg, SegmentValue] => [seg, flat]),
  ];
}

/** The recorder's local descriptor table. */
function ownSegments(cs: number, codeAccess: number, ss: number, stackAccess: number): Segments {
  return [
    [Seg.CS, { selector: cs, base: CODE, limit: 0xfff, access: CODE_ACCESS | codeAccess }],
    [Seg.SS, data(ss, SCRATCH, 0xfff, DATA_ACCESS | stackAccess)],
    [Seg.DS, data(0x17, SCRATCH, 0xfff)],
    [Seg.ES, data(0x1f, SCRATCH + 0x100, 0xeff)],
    [Seg.GS, data(0x27, SCRATCH + 0x200, 0xdff)],
  ];
}

const MODES: Record<string, { entry: bigint; defaults: bigint[]; mode: number; segments: Segments }> = {
  '64': {
    entry: 0x10000800n,
    defaults: DEFAULTS_64,
    mode: Mode.CODE64 | Mode.LONG | Mode.FLAT | Mode.STACK32,
    segments: [...flatSegments(0x33, Access.L), [Seg.GS, data(0, SCRATCH + 0x200, 0xffffffff)]],
  },
  '32': {
    entry: 0x10000800n,
    defaults: DEFAULTS_32,
    mode: Mode.CODE32 | Mode.LONG | Mode.FLAT | Mode.STACK32,
    segments: flatSegments(0x23, Access.DB),
  },
  s32: {
    entry: 0x800n,
    defaults: DEFAULTS_SEGMENTED,
    mode: Mode.CODE32 | Mode.LONG | Mode.STACK32,
    segments: ownSegments(0x0f, Access.DB, 0x37, Access.DB),
  },
  s16: {
    entry: 0x800n,
    defaults: DEFAULTS_SEGMENTED,
    mode: Mode.LONG,
    segments: ownSegments(7, 0, 0x2f, 0),
  },
};

/** SSE is allowed in all of them, as it was on the recorder. */
function modeBits({ mode }: { mode: number }): number {
  return mode | Mode.SSE;
}

const NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

/** The scratch page and nothing else. */
class ScratchMemory {
  readonly bytes = new Uint8Array(PAGE);
  private readonly view = new DataView(this.bytes.buffer);
  valueLo = 0;
  valueHi = 0;
  /** The access, counted from now, that shall fault; 0 for none. */
  failAt = 0;

  modeChanged(): void {}

  load(cpu: Cpu, low: number, high: number, size: number, aux: number): boolean {
    const at = this.at(cpu, low, high, size, aux);
    if (at < 0) return false;
    this.valueHi = 0;
    if (size === 1) this.valueLo = this.view.getUint8(at);
    else if (size === 2) this.valueLo = this.view.getUint16(at, true);
    else this.valueLo = this.view.getUint32(at, true);
    if (size === 8) this.valueHi = this.view.getUint32(at + 4, true);
    return true;
  }

  store(cpu: Cpu, low: number, high: number, size: number, aux: number, lo: number, hi: number): boolean {
    const at = this.at(cpu, low, high, size, aux);
    if (at < 0) return false;
    if (size === 1) this.view.setUint8(at, lo);
    else if (size === 2) this.view.setUint16(at, lo, true);
    else this.view.setUint32(at, lo, true);
    if (size === 8) this.view.setUint32(at + 4, hi, true);
    return true;
  }

  read8(cpu: Cpu, linear: bigint): number | undefined {
    return this.load(cpu, Number(linear & 0xffffffffn), Number(linear >> 32n), 1, 0)
      ? this.valueLo
      : undefined;
  }

  write8(cpu: Cpu, linear: bigint, value: number): boolean {
    return this.store(cpu, Number(linear & 0xffffffffn), Number(linear >> 32n), 1, 0, value, 0);
  }

  private at(cpu: Cpu, low: number, high: number, size: number, aux: number): number {
    if (this.failAt > 0 && --this.failAt === 0) {
      cpu.raise(14, 0, 'wanted by the test');
      return -1;
    }
    const at = low - SCRATCH;
    if ((high === 0 || aux & 2) && at >= 0 && at + size <= PAGE) return at;
    cpu.raise(14, 0, `outside the scratch page: ${high.toString(16)}:${low.toString(16)}`);
    return -1;
  }
}

const memory = new ScratchMemory();
const cpu = new Cpu(
  new CpuState(new ArrayBuffer(Slot.COUNT * 8), 0),
  memory as unknown as Mmu<Cpu>,
  new PortSpace(),
);
const evaluator = new Evaluator(cpu, memory as unknown as SoftMmu);
const lifter = new Lifter();
let mode = MODES['64'];

/** An instruction's block; its code page is full of INT3 as the recorder's was. */
function lift(hex: string): Block {
  const bytes = new Uint8Array(32).fill(0xcc);
  bytes.set(Buffer.from(hex, 'hex'));
  const lifted = lifter.liftBlock(bytes, cpu.mode, () => undefined, 1);
  assert.ok(lifted, 'cut off');
  return { ...lifted, page: 0, secondPage: -1, mode: cpu.mode, valid: true, loaded: 0 };
}

/** What a case gives, or expects; memory is beside it. */
interface Registers {
  gprs: bigint[];
  flags: number;
  xmms: bigint[];
  mxcsr: number;
  /** R0 … R7, then control, status and tag word. */
  x87: bigint[];
}

/** Places in {@link Registers.x87} behind the registers, by the keys of a case. */
const X87_WORDS: Record<string, number> = { C: 8, W: 9, T: 10 };
const X87_SLOTS = [Slot.FCW, Slot.FSW, Slot.FTW];

/** Takes in a word of a case that names a register: `3=…`, `f=…`, `xc=…`, `m=…`. */
function takeRegister(r: Registers, key: string, value: string): void {
  if (key === 'f') r.flags = Number.parseInt(value, 16);
  else if (key === 'm') r.mxcsr = Number.parseInt(value, 16);
  else if (key in X87_WORDS) r.x87[X87_WORDS[key]] = BigInt(`0x${value}`);
  else if (key[0] === 'S') r.x87[Number(key[1])] = BigInt(`0x${value}`);
  else if (key[0] === 'x') r.xmms[Number.parseInt(key[1], 16)] = BigInt(`0x${value}`);
  else r.gprs[Number.parseInt(key, 16)] = BigInt(`0x${value}`);
}

/** Registers and flags of a case, loaded into the processor; memory too. */
function prepare(given: string): Registers {
  const s = cpu.state;
  const r: Registers = {
    gprs: [...mode.defaults],
    flags: 0,
    xmms: new Array(16).fill(0n),
    mxcsr: 0x1f80,
    x87: new Array(11).fill(0n),
  };
  r.x87[X87_WORDS.C] = 0x37fn;
  for (let k = 0; k < PAGE; k++) memory.bytes[k] = k * 37 + 11;
  for (const word of given.split(' ')) {
    const [, key, kind, value] = /^([0-9a-fmxSCWT]+)([=:])(.*)$/.exec(word)!;
    if (kind === '=') takeRegister(r, key, value);
    else memory.bytes.set(Buffer.from(value, 'hex'), Number.parseInt(key, 16));
  }
  s.u64.fill(0n);
  r.gprs.forEach((value, k) => {
    s.u64[k] = value;
  });
  r.xmms.forEach((value, k) => {
    s.u64[Slot.XMM0 + 2 * k] = BigInt.asUintN(64, value);
    s.u64[Slot.XMM0 + 2 * k + 1] = value >> 64n;
  });
  s.setLow(Slot.MXCSR, r.mxcsr);
  r.x87.forEach((value, k) => {
    if (k >= 8) s.u64[X87_SLOTS[k - 8]] = value;
    else {
      s.u64[Slot.ST0 + 2 * k] = BigInt.asUintN(64, value);
      s.u64[Slot.ST0 + 2 * k + 1] = value >> 64n;
    }
  });
  s.u64[Slot.RIP] = mode.entry;
  s.setLow(Slot.RFLAGS, 2 | (r.flags & Flag.DF));
  s.setNumber(Slot.CR0, Cr0.PE + Cr0.NE + Cr0.PG);
  s.setLow(Slot.CR4, Cr4.OSFXSR | Cr4.OSXMMEXCPT);
  s.setLow(Slot.EFER, Efer.LMA | Efer.LME);
  for (const [seg, value] of mode.segments) s.setSegment(seg, value);
  cpu.modeChanged();
  setFlags(s, r.flags);
  cpu.abort = Abort.NONE;
  cpu.icount = 0;
  cpu.deadline = 1000;
  return r;
}

function currentXmm(k: number): bigint {
  const { u64 } = cpu.state;
  return (u64[Slot.XMM0 + 2 * k + 1] << 64n) | u64[Slot.XMM0 + 2 * k];
}

function currentX87(k: number): bigint {
  const { u64 } = cpu.state;
  if (k >= 8) return u64[X87_SLOTS[k - 8]];
  return (u64[Slot.ST0 + 2 * k + 1] << 64n) | u64[Slot.ST0 + 2 * k];
}

const X87_NAMES = [...Array.from({ length: 8 }, (_, k) => `R${k}`), 'FCW', 'FSW', 'FTW'];

/** Transcendental functions are promised to within a unit in the last place, and so are the direction of rounding and whether it was exact. */
let approximate = false;
/** The instruction under test. */
let text = '';

/** Condition codes in which the recorded processor, AMD's, differs from the SDM: FCOMI clears C1, an unmasked #IA of FCOM leaves the rest. */
function unlikeIntel(status: bigint): number {
  if (/^fu?comi/.test(text)) return status & 0x80n ? 0xffff : 0x200;
  return /^f[ui]?com/.test(text) && status & 0x80n ? 0x4500 : 0;
}

function closeEnough(k: number, got: bigint, wanted: bigint): boolean {
  if (k < 8) {
    // Without the integer bit, neighbours are neighbours across powers of two as well.
    const rank = (x: bigint): bigint => ((x >> 64n) << 63n) | BigInt.asUintN(63, x);
    const distance = rank(got) - rank(wanted);
    return distance >= -1n && distance <= 1n;
  }
  return ((got ^ wanted) & ~0x230n) === 0n;
}

function currentFlags(): number {
  return getFlags(cpu.state) | (cpu.state.low(Slot.RFLAGS) & Flag.DF);
}

/** Lets each memory access of one execution fault in turn: registers, flags and RIP must stay as they were. */
function runFaults(block: Block, given: string): void {
  for (let access = 1; ; access++) {
    const { gprs, flags, xmms, mxcsr, x87 } = prepare(given);
    memory.failAt = access;
    evaluator.run(block);
    const faulted = memory.failAt === 0;
    memory.failAt = 0;
    if (!faulted) return;
    gprs.forEach((value, k) => {
      assert.equal(cpu.state.u64[k], value, `${NAMES[k]} after a fault of access ${access}`);
    });
    xmms.forEach((value, k) => {
      assert.equal(currentXmm(k), value, `XMM${k} after a fault of access ${access}`);
    });
    x87.forEach((value, k) => {
      assert.equal(currentX87(k), value, `${X87_NAMES[k]} after a fault of access ${access}`);
    });
    assert.equal(cpu.state.low(Slot.MXCSR), mxcsr, `MXCSR after a fault of access ${access}`);
    assert.equal(currentFlags(), flags, `flags after a fault of access ${access}`);
    assert.equal(cpu.state.u64[Slot.RIP], mode.entry, `RIP after a fault of access ${access}`);
  }
}

function runCase(block: Block, undefinedFlags: number, given: string, expected: string): void {
  const s = cpu.state;
  const wanted = prepare(given);
  const before = memory.bytes.slice();
  do evaluator.run(block);
  while (s.u64[Slot.RIP] === mode.entry && cpu.abort === Abort.NONE && cpu.icount < cpu.deadline);

  // Expected values, by default: what was there before.
  let expectedVector: number | undefined;
  let expectedRip = mode.entry + BigInt(block.bytes);
  for (const word of expected.split(' ').filter(Boolean)) {
    const [, key, kind, value] = /^([0-9a-fmpxSCWT]+)([=:])(.*)$/.exec(word)!;
    if (kind === ':') before.set(Buffer.from(value, 'hex'), Number.parseInt(key, 16));
    else if (key === 'x') {
      expectedVector = Number.parseInt(value, 16);
      expectedRip = mode.entry;
    } else if (key === 'p') expectedRip = BigInt(`0x${value}`);
    else takeRegister(wanted, key, value);
  }
  const wrong: string[] = [];
  if (cpu.mode !== modeBits(mode)) wrong.push(`mode ${cpu.mode} instead of ${modeBits(mode)}`);
  const differ = (what: string, got: bigint | number | undefined, want: bigint | number | undefined) => {
    if (got !== want) wrong.push(`${what} ${got?.toString(16)} instead of ${want?.toString(16)}`);
  };
  differ('exception', cpu.abort === Abort.NONE ? undefined : cpu.faultVector, expectedVector);
  differ('RIP', s.u64[Slot.RIP], expectedRip);
  wanted.gprs.forEach((value, k) => {
    differ(NAMES[k], s.u64[k], value);
  });
  wanted.xmms.forEach((value, k) => {
    differ(`XMM${k}`, currentXmm(k), value);
  });
  wanted.x87.forEach((value, k) => {
    const got = currentX87(k);
    if (approximate && closeEnough(k, got, value)) return;
    const unlike = X87_NAMES[k] === 'FSW' ? BigInt(unlikeIntel(value)) : 0n;
    differ(X87_NAMES[k], got & ~unlike, value & ~unlike);
  });
  differ('MXCSR', s.low(Slot.MXCSR), wanted.mxcsr);
  const unlike = unlikeIntel(wanted.x87[X87_WORDS.W]) === 0xffff ? 0x45 : 0;
  const mask = 0xcd5 & ~undefinedFlags & ~unlike;
  differ('flags', currentFlags() & mask, wanted.flags & mask);
  const at = before.findIndex((byte, k) => byte !== memory.bytes[k]);
  if (at >= 0) differ(`byte ${at.toString(16)}h`, memory.bytes[at], before[at]);
  assert.deepEqual(wrong, [], `given ${given}`);
}

const folder = join(process.env.HYPERSTEP_ROOT ?? '.', 'engine/vectors');

describe('vectors from a real processor', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
    it(file.replace('.txt', ''), () => {
      text = '';
      approximate = file === 'x87-transcendental.txt';
      const failures: string[] = [];
      let block: Block | undefined;
      let undefinedFlags = 0;
      let failed = false;
      let first = true;
      for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
        if (line === '') continue;
        if (line.startsWith('@')) {
          mode = MODES[line.slice(2)];
          cpu.mode = modeBits(mode);
          continue;
        }
        if (line.startsWith('#')) {
          const [, hex, mask, ...words] = line.split(' ');
          text = words.join(' ');
          block = lift(hex);
          undefinedFlags = Number.parseInt(mask, 16);
          failed = false;
          first = true;
          continue;
        }
        if (failed) continue;
        const [given, expected] = line.split('|');
        try {
          if (first) runFaults(block!, given);
          first = false;
          runCase(block!, undefinedFlags, given, expected);
        } catch (error) {
          // One failure an instruction is enough.
          failed = true;
          const { message } = error as Error;
          failures.push(`${text}: ${message}`);
        }
      }
      assert.equal(
        failures.length,
        0,
        `${failures.length} instructions fail\n${failures.slice(0, 40).join('\n')}`,
      );
    });
  }
});
