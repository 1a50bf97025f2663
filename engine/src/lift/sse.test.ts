/**
 * SSE where vectors from a processor's ring 3 (engine/vectors) do not reach:
 * who may execute it, memory operands and paging, FXSAVE, and 32-bit code.
 */
import assert from 'node:assert/strict';
import type { Cpu } from '../cpu/cpu';
import { cpuid, LEAF1_ECX, LEAF1_EDX } from '../cpu/cpuid';
import { Cr0, Cr4, Efer, Slot } from '../cpu/state';
import { type Bench, bench, enterLongMode, fault } from '../cpu/testing';
import { Evaluator } from '../execution/evaluator';
import { setRegister } from '../inspect/edit';
import { currentRegisters } from '../inspect/registers';
import { Mode } from '../ir/block';
import type { SoftMmu } from '../memory/soft-mmu';
import { Lifter } from './block';

const lifter = new Lifter();

/** Executes one instruction given in hex; answers the fault, `none`, or why the machine stops. */
function run(b: Bench, hex: string): string {
  const { cpu } = b;
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const lifted = lifter.liftBlock(bytes, cpu.mode, () => undefined, 1)!;
  cpu.state.u64[Slot.RIP] = 0x5000n;
  cpu.deadline = Number.POSITIVE_INFINITY;
  const block = { ...lifted, page: 0, secondPage: -1, mode: cpu.mode, valid: true, loaded: 0 };
  new Evaluator(cpu, cpu.mmu as SoftMmu).run(block);
  if (cpu.stop) {
    const { stop } = cpu;
    cpu.stop = undefined;
    cpu.abort = 0;
    return 'explanation' in stop ? `${stop.kind}: ${stop.explanation}` : stop.kind;
  }
  return fault(cpu);
}

/** 64-bit mode, ring 0, SSE allowed. */
function long(): Bench {
  const b = bench();
  enterLongMode(b);
  setControl(b.cpu, Cr4.OSFXSR | Cr4.OSXMMEXCPT);
  return b;
}

function setControl(cpu: Cpu, cr4: number, cr0 = 0): void {
  const s = cpu.state;
  s.setLow(Slot.CR4, (s.low(Slot.CR4) & ~(Cr4.OSFXSR | Cr4.OSXMMEXCPT)) | cr4);
  s.setLow(Slot.CR0, ((s.low(Slot.CR0) & ~(Cr0.EM | Cr0.TS)) | cr0) >>> 0);
  cpu.modeChanged();
}

const ADDPS = '0f 58 c1';
const MOVAPS_LOAD = '0f 28 03'; // xmm0, [rbx]
const MOVUPS_STORE = '0f 11 03'; // [rbx], xmm0

function setXmm(cpu: Cpu, n: number, value: bigint): void {
  assert.equal(setRegister(cpu, `xmm${n}`, value), undefined);
}

function xmm(cpu: Cpu, n: number): bigint {
  return currentRegisters(cpu).xmm![n];
}

describe('SSE: who may execute it', () => {
  it('Mode.SSE follows CR4.OSFXSR, CR0.EM and CR0.TS', () => {
    const { cpu } = long();
    assert.ok(cpu.mode & Mode.SSE);
    setControl(cpu, Cr4.OSFXSR, Cr0.TS);
    assert.ok(!(cpu.mode & Mode.SSE));
    setControl(cpu, 0);
    assert.ok(!(cpu.mode & Mode.SSE));
  });

  it('#UD without OSFXSR or with EM, else #NM with TS (SDM 2A Table 2-21)', () => {
    const b = long();
    assert.equal(run(b, ADDPS), 'none');
    setControl(b.cpu, 0);
    assert.equal(run(b, ADDPS), '#6');
    setControl(b.cpu, Cr4.OSFXSR, Cr0.TS | Cr0.EM);
    assert.equal(run(b, ADDPS), '#6');
    setControl(b.cpu, Cr4.OSFXSR, Cr0.TS);
    assert.equal(run(b, ADDPS), '#7');
    // FXSAVE does not ask OSFXSR; MOVNTI, fences and PAUSE ask nothing.
    b.cpu.state.u64[Slot.RBX] = 0x100000n;
    assert.equal(run(b, '0f ae 03'), '#7');
    assert.equal(run(b, '0f c3 03'), 'none');
    assert.equal(run(b, '0f ae f8'), 'none');
    assert.equal(run(b, 'f3 90'), 'none');
    setControl(b.cpu, 0);
    assert.equal(run(b, '0f ae 03'), 'none');
  });

  it('CLTS ends the block, and the next one may use SSE', () => {
    const b = long();
    setControl(b.cpu, Cr4.OSFXSR, Cr0.TS);
    const lifted = lifter.liftBlock(
      Uint8Array.from([0x0f, 0x06, 0x0f, 0x58, 0xc1]),
      b.cpu.mode,
      () => undefined,
    );
    assert.equal(lifted!.instructions, 1);
    assert.equal(run(b, '0f 06'), 'none');
    assert.equal(run(b, ADDPS), 'none');
  });

  it('an exception that is not masked is #XM, or #UD without CR4.OSXMMEXCPT; nothing changes but MXCSR', () => {
    const b = long();
    setXmm(b.cpu, 0, 0x3f800000n);
    b.cpu.state.setLow(Slot.MXCSR, 0x1d80); // divide by zero not masked
    assert.equal(run(b, 'f3 0f 5e c1'), '#19'); // DIVSS xmm0, xmm1
    assert.match(b.cpu.faultExplanation!, /divide by zero/);
    assert.equal(b.cpu.state.low(Slot.MXCSR), 0x1d84);
    assert.equal(xmm(b.cpu, 0), 0x3f800000n);
    setControl(b.cpu, Cr4.OSFXSR);
    assert.equal(run(b, 'f3 0f 5e c1'), '#6');
  });

  it('CPUID reports what there is, and no more', () => {
    const [, , ecx, edx] = cpuid(long().cpu, 1, 0);
    for (const bit of [LEAF1_ECX.SSE3, LEAF1_ECX.SSSE3, LEAF1_ECX.SSE4_1, LEAF1_ECX.SSE4_2]) {
      assert.ok(ecx & (1 << bit));
    }
    assert.equal(ecx & (1 << 25), 0, 'AES');
    for (const bit of [LEAF1_EDX.FXSR, LEAF1_EDX.SSE, LEAF1_EDX.SSE2]) assert.ok(edx & (1 << bit));
    assert.equal(edx & (1 << 23), 0, 'MMX');
  });

  it('MMX forms and later extensions stop the machine by name', () => {
    assert.match(run(long(), '0f fc c1'), /^unsupported: .*PADDB/);
    assert.match(run(long(), '66 0f 38 dc c1'), /^unsupported: .*AESENC/);
    assert.match(run(long(), 'c5 f0 58 c1'), /^unsupported: .*VADDPS/);
  });
});

describe('SSE: memory', () => {
  it('aligned forms raise #GP(0) on an address that is not, MOVUPS does not', () => {
    const b = long();
    b.cpu.state.u64[Slot.RBX] = 0x100008n;
    assert.equal(run(b, MOVAPS_LOAD), '#13(0x0)');
    assert.equal(run(b, '0f 58 03'), '#13(0x0)'); // ADDPS xmm0, [rbx]
    assert.equal(run(b, '0f 10 03'), 'none'); // MOVUPS
  });

  it('a store that can write only its first page writes nothing; CR2 is where the second page begins', () => {
    const b = long();
    const { cpu, memory } = b;
    // 2 MiB at 2 MiB: present; what follows is not.
    memory.write64(0x12010, 0n);
    cpu.mmu.flushEverything();
    setXmm(cpu, 0, 0xffeeddccbbaa99887766554433221100n);
    for (const back of [1, 4, 8, 12, 15]) {
      memory.fill(0x3fffe0, 32, 0x5a);
      cpu.state.u64[Slot.RBX] = BigInt(0x400000 - back);
      assert.equal(run(b, MOVUPS_STORE), '#14(0x2)');
      assert.equal(cpu.faultPayload, 0x400000n);
      assert.ok(memory.readBytes(0x3fffe0, 32).every((byte) => byte === 0x5a));
      assert.equal(run(b, '0f 10 03'), '#14(0x0)'); // the load
      assert.equal(cpu.faultPayload, 0x400000n);
      assert.equal(xmm(cpu, 0), 0xffeeddccbbaa99887766554433221100n);
    }
  });

  it('stores across two present pages', () => {
    const b = long();
    setXmm(b.cpu, 0, 0xffeeddccbbaa99887766554433221100n);
    b.cpu.state.u64[Slot.RBX] = 0x1ffff9n;
    assert.equal(run(b, MOVUPS_STORE), 'none');
    assert.equal(run(b, '0f 10 0b'), 'none'); // MOVUPS xmm1, [rbx]
    assert.equal(xmm(b.cpu, 1), 0xffeeddccbbaa99887766554433221100n);
  });

  it('MASKMOVDQU writes only the bytes asked for and faults only for these', () => {
    const b = long();
    const { cpu, memory } = b;
    memory.write64(0x12010, 0n);
    cpu.mmu.flushEverything();
    cpu.state.u64[Slot.RDI] = 0x3ffff8n;
    setXmm(cpu, 0, 0x0f0e0d0c0b0a09080706050403020100n);
    setXmm(cpu, 1, 0x8000000000000080n);
    memory.fill(0x3ffff0, 16, 0x5a);
    assert.equal(run(b, '66 0f f7 c1'), 'none');
    assert.equal(memory.read64(0x3ffff8), 0x075a5a5a5a5a5a00n);
    setXmm(cpu, 1, (0x80n << 64n) | 0x80n);
    memory.fill(0x3ffff0, 16, 0x5a);
    assert.equal(run(b, '66 0f f7 c1'), '#14(0x2)');
    assert.equal(memory.read64(0x3ffff8), 0x5a5a5a5a5a5a5a5an);
  });

  it('LDMXCSR refuses reserved bits', () => {
    const b = long();
    b.cpu.state.u64[Slot.RBX] = 0x100000n;
    b.memory.write32(0x100000, 0x10000);
    assert.equal(run(b, '0f ae 13'), '#13(0x0)');
    b.memory.write32(0x100000, 0xffff);
    assert.equal(run(b, '0f ae 13'), 'none');
    assert.equal(currentRegisters(b.cpu).mxcsr, 0xffff);
  });
});

describe('FXSAVE and FXRSTOR (SDM 1 10.5)', () => {
  const AREA = 0x100000;

  function filled(b: Bench): void {
    for (let n = 0; n < 16; n++) setXmm(b.cpu, n, (BigInt(n + 1) << 120n) | BigInt(n));
    b.cpu.state.setLow(Slot.MXCSR, 0x9fc0);
    b.cpu.state.u64[Slot.RBX] = BigInt(AREA);
    b.memory.fill(AREA, 512, 0xee);
  }

  it('64-bit mode: layout, and back', () => {
    const b = long();
    const { cpu, memory } = b;
    filled(b);
    assert.equal(run(b, 'db e3'), 'none'); // FNINIT
    assert.equal(run(b, '48 0f ae 03'), 'none');
    assert.equal(memory.read16(AREA), 0x37f);
    assert.equal(memory.read32(AREA + 24), 0x9fc0);
    assert.equal(memory.read32(AREA + 28), 0xffff);
    assert.equal(memory.read64(AREA + 160 + 15 * 16), 15n);
    assert.equal(memory.read64(AREA + 160 + 15 * 16 + 8), 16n << 56n);
    assert.equal(memory.read8(AREA + 416), 0xee);
    for (let n = 0; n < 16; n++) setXmm(cpu, n, 0n);
    cpu.state.setLow(Slot.MXCSR, 0x1f80);
    assert.equal(run(b, '48 0f ae 0b'), 'none');
    for (let n = 0; n < 16; n++) assert.equal(xmm(cpu, n), (BigInt(n + 1) << 120n) | BigInt(n));
    assert.equal(cpu.state.low(Slot.MXCSR), 0x9fc0);
  });

  it('32-bit mode has eight registers', () => {
    const b = bench();
    setControl(b.cpu, Cr4.OSFXSR);
    filled(b);
    assert.equal(run(b, '0f ae 03'), 'none');
    assert.equal(b.memory.read64(AREA + 160 + 7 * 16), 7n);
    assert.equal(b.memory.read64(AREA + 160 + 8 * 16), 0xeeeeeeeeeeeeeeeen);
  });

  it('refuses unaligned areas and reserved MXCSR bits', () => {
    const b = long();
    filled(b);
    b.cpu.state.u64[Slot.RBX] = BigInt(AREA + 8);
    assert.equal(run(b, '0f ae 03'), '#13(0x0)');
    assert.equal(run(b, '0f ae 0b'), '#13(0x0)');
    b.cpu.state.u64[Slot.RBX] = BigInt(AREA); // filled with EEh, MXCSR too
    assert.equal(run(b, '0f ae 0b'), '#13(0x0)');
    assert.equal(xmm(b.cpu, 3), (4n << 120n) | 3n);
  });

  it('x87 control instructions', () => {
    const b = long();
    const s = b.cpu.state;
    s.u64[Slot.RBX] = BigInt(AREA);
    assert.equal(run(b, 'db e3'), 'none');
    assert.equal(run(b, 'd9 3b'), 'none'); // FNSTCW
    assert.equal(b.memory.read16(AREA), 0x37f);
    b.memory.write16(AREA, 0xffff);
    assert.equal(run(b, 'd9 2b'), 'none'); // FLDCW
    assert.equal(s.low(Slot.FCW), 0x1f7f);
    s.setLow(Slot.FSW, 0xffff);
    assert.equal(run(b, 'db e2'), 'none'); // FNCLEX
    s.u64[Slot.RAX] = 0x1234567800000000n;
    assert.equal(run(b, 'df e0'), 'none'); // FNSTSW AX
    assert.equal(s.u64[Slot.RAX], 0x1234567800007f00n);
    s.setLow(Slot.CR0, (s.low(Slot.CR0) | Cr0.TS) >>> 0);
    b.cpu.modeChanged();
    assert.equal(run(b, 'db e3'), '#7');
  });

  it('the x87 registers stand in the order of the stack', () => {
    const b = long();
    const s = b.cpu.state;
    s.u64[Slot.RBX] = BigInt(AREA);
    for (const bytes of ['db e3', 'd9 eb', 'd9 e8', '0f ae 03']) assert.equal(run(b, bytes), 'none'); // FLDPI, FLD1
    assert.equal(b.memory.read16(AREA + 2), 6 << 11);
    assert.equal(b.memory.read8(AREA + 4), 0xc0);
    assert.equal(b.memory.read64(AREA + 32), 0x8000000000000000n);
    assert.equal(b.memory.read16(AREA + 40), 0x3fff);
    assert.equal(b.memory.read64(AREA + 48), 0xc90fdaa22168c235n);
    for (const bytes of ['db e3', '0f ae 0b']) assert.equal(run(b, bytes), 'none');
    assert.equal(s.u64[Slot.ST0 + 2 * 6], 0x8000000000000000n);
    assert.equal(s.u64[Slot.ST0 + 2 * 7], 0xc90fdaa22168c235n);
  });

  it('without CR0.NE a pending x87 exception asks for FERR#, and the instruction goes on', () => {
    const b = long();
    let asked = 0;
    b.cpu.ferr = () => asked++;
    assert.equal(run(b, 'db e3'), 'none');
    b.cpu.state.setLow(Slot.FCW, 0x37b);
    for (const bytes of ['d9 e8', 'd9 ee', 'de f9']) assert.equal(run(b, bytes), 'none'); // 1 / 0
    assert.equal(asked, 0);
    assert.equal(run(b, 'd9 e8'), 'none');
    assert.equal(asked, 1);
  });
});

describe('SSE: other modes and approximations', () => {
  it('32-bit code', () => {
    const b = bench();
    setControl(b.cpu, Cr4.OSFXSR);
    assert.equal(b.cpu.state.low(Slot.EFER) & Efer.LMA, 0);
    b.cpu.state.setLow(Slot.RBX, 0x100000);
    b.memory.write64(0x100000, 0x400921fb54442d18n);
    assert.equal(run(b, 'f2 0f 10 03'), 'none'); // MOVSD xmm0, [ebx]
    assert.equal(run(b, 'f2 0f 58 c0'), 'none'); // ADDSD xmm0, xmm0
    assert.equal(b.cpu.state.f64[Slot.XMM0], 2 * Math.PI);
    b.cpu.state.setLow(Slot.RSI, 0x100000);
    b.cpu.state.setLow(Slot.RDI, 0x100100);
    assert.equal(run(b, 'a5'), 'none'); // MOVSD, the string instruction
    assert.equal(b.memory.read32(0x100100), 0x54442d18);
  });

  it('RCPPS and RSQRTPS stay within 1.5 · 2^-12', () => {
    const b = long();
    const { f32 } = b.cpu.state;
    const to = Slot.XMM0 * 2;
    const from = (Slot.XMM0 + 2) * 2;
    for (const x of [1, 3, 0.1, 1e30, 1e-30, 7.25e-12]) {
      f32[from] = x;
      assert.equal(run(b, '0f 53 c1'), 'none');
      assert.ok(Math.abs(f32[to] * f32[from] - 1) < 1.5 * 2 ** -12, `1/${x}`);
      assert.equal(run(b, '0f 52 c1'), 'none');
      assert.ok(Math.abs(f32[to] ** 2 * f32[from] - 1) < 4 * 2 ** -12, `1/sqrt(${x})`);
    }
    f32[from] = -0;
    assert.equal(run(b, '0f 53 c1'), 'none');
    assert.equal(f32[to], Number.NEGATIVE_INFINITY);
    f32[from] = 1e-40; // denormal: as zero
    assert.equal(run(b, '0f 52 c1'), 'none');
    assert.equal(f32[to], Number.POSITIVE_INFINITY);
  });

  it('PTEST: ZF of AND, CF of ANDN', () => {
    const b = long();
    const flags = (x: bigint, y: bigint): bigint => {
      setXmm(b.cpu, 0, x);
      setXmm(b.cpu, 1, y);
      assert.equal(run(b, '66 0f 38 17 c1'), 'none');
      return currentRegisters(b.cpu).rflags & 0x8d5n;
    };
    assert.equal(flags(1n, 1n << 100n), 0x40n);
    assert.equal(flags(1n, 1n), 1n);
    assert.equal(flags(3n << 64n, 7n << 64n), 0n);
    assert.equal(flags(5n, 0n), 0x41n);
  });

  it('the debugger sees and sets the registers', () => {
    const { cpu } = long();
    setXmm(cpu, 15, (1n << 128n) - 2n);
    assert.equal(xmm(cpu, 15), (1n << 128n) - 2n);
    assert.equal(setRegister(cpu, 'MXCSR', 0x1fa0n), undefined);
    assert.match(setRegister(cpu, 'mxcsr', 0x10000n)!, /16 bits/);
    assert.match(setRegister(cpu, 'xmm16', 0n)!, /no register/);
  });
});
