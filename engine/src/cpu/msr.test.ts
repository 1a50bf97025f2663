import assert from 'node:assert/strict';
import { cpuid, LEAF1_ECX, LEAF1_EDX } from './cpuid';
import { MSRS, msrRead, msrWrite, readMsr, writeMsr } from './msr';
import { Slot } from './state';
import { bench, enterLongMode, enterRing3, fault } from './testing';

describe('model-specific registers', () => {
  it('an unknown one is #GP(0), as is any at CPL 3', () => {
    const b = bench();
    assert.equal(readMsr(b.cpu, 0x12345678), undefined);
    assert.equal(fault(b.cpu), '#13(0x0)');
    writeMsr(b.cpu, 0x12345678, 0n);
    assert.equal(fault(b.cpu), '#13(0x0)');
    enterRing3(b);
    assert.equal(readMsr(b.cpu, 0x10), undefined);
    assert.equal(fault(b.cpu), '#13(0x0)');
  });

  const refused: [index: number, value: bigint][] = [
    [0xc0000080, 2n],
    [0xc0000082, 1n << 47n],
    [0x175, 1n << 60n],
    [0x277, 2n],
    [0xc0000103, 1n << 32n],
    [0x3a, 1n],
    [0x480, 0n],
    [0xfe, 0n],
  ];
  for (const [index, value] of refused) {
    it(`WRMSR ${index.toString(16)}h refuses ${value.toString(16)}h`, () => {
      const b = bench();
      const before = msrRead(b.cpu, index);
      assert.equal(msrWrite(b.cpu, index, value), false);
      assert.equal(msrRead(b.cpu, index), before);
    });
  }

  it('every MSR can be read, and a writable one takes its own value', () => {
    const b = bench();
    for (const msr of MSRS) {
      if (msr.index === 0x3a) continue; // locked
      assert.equal(typeof msr.read(b.cpu), 'bigint', msr.name);
      if (msr.write) assert.equal(msr.write(b.cpu, msr.read(b.cpu)), undefined, msr.name);
    }
    assert.equal(new Set(MSRS.map((msr) => msr.index)).size, MSRS.length);
  });

  it('LMA follows paging, not WRMSR; LME is fixed while paging', () => {
    const b = bench();
    assert.equal(msrWrite(b.cpu, 0xc0000080, 0x500n), true);
    assert.equal(msrRead(b.cpu, 0xc0000080), 0x100n);
    enterLongMode(b);
    assert.equal(msrWrite(b.cpu, 0xc0000080, 0n), false);
    assert.equal(msrWrite(b.cpu, 0xc0000080, 0x100n), true);
    assert.equal(msrRead(b.cpu, 0xc0000080), 0x500n);
  });

  it('the time-stamp counter goes on from what is written', () => {
    const b = bench();
    b.cpu.icount = 1000;
    assert.equal(msrWrite(b.cpu, 0x10, 5n), true);
    b.cpu.icount = 1010;
    assert.equal(msrRead(b.cpu, 0x10), 15n);
  });

  it('VMX is usable: locked on outside SMX', () => {
    assert.equal(msrRead(bench().cpu, 0x3a), 5n);
  });
});

describe('CPUID', () => {
  const text = (words: readonly number[]) =>
    words.map((w) => String.fromCharCode(w & 255, (w >> 8) & 255, (w >> 16) & 255, w >>> 24)).join('');

  it('vendor and brand', () => {
    const { cpu } = bench();
    const [max, ebx, ecx, edx] = cpuid(cpu, 0, 0);
    assert.equal(max, 7);
    assert.equal(text([ebx, edx, ecx]), 'GenuineIntel');
    const brand = [2, 3, 4].map((n) => text(cpuid(cpu, 0x80000000 + n, 0))).join('');
    assert.equal(brand.replace(/\0+$/, ''), 'Hyperstep virtual processor');
  });

  it('says VMX, the x87, no hypervisor, and the local APIC while it is enabled', () => {
    const { cpu } = bench();
    const [, , ecx, edx] = cpuid(cpu, 1, 0);
    assert.equal((ecx >>> LEAF1_ECX.VMX) & 1, 1);
    assert.equal(ecx >>> 31, 0);
    assert.equal((edx >>> LEAF1_EDX.PAE) & 1, 1);
    assert.equal(edx & 1, 1);
    assert.equal((edx >>> LEAF1_EDX.APIC) & 1, 1);
    assert.ok(msrWrite(cpu, 0x1b, 0xfee00100n));
    assert.equal((cpuid(cpu, 1, 0)[3] >>> LEAF1_EDX.APIC) & 1, 0);
  });

  it('SYSCALL only in 64-bit mode; a leaf out of range is the highest basic one', () => {
    const b = bench();
    assert.equal((cpuid(b.cpu, 0x80000001, 0)[3] >>> 11) & 1, 0);
    enterLongMode(b);
    assert.equal((cpuid(b.cpu, 0x80000001, 0)[3] >>> 11) & 1, 1);
    assert.deepEqual(cpuid(b.cpu, 0x1000, 0), cpuid(b.cpu, 7, 0));
    assert.deepEqual(cpuid(b.cpu, 3, 0), [0, 0, 0, 0]);
  });

  it('RDX after reset is the processor signature', () => {
    const b = bench();
    assert.equal(cpuid(b.cpu, 1, 0)[0], 0x506e3);
    assert.equal(b.cpu.state.low(Slot.RAX), 0x2badb002);
  });
});
