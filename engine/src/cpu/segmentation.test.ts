import assert from 'node:assert/strict';
import { checkUmip } from './control';
import { interruptReturn } from './far-returns';
import { farCall, farJump } from './far-transfers';
import { checkIoPermission } from './io-permission';
import { stringIo } from './port-io';
import { resetCpu } from './reset';
import { loadSegment, segmentCheck } from './segmentation';
import { Access, Cr0, Cr4, Flag, Seg, Slot } from './state';
import { syscall, sysenter, sysret } from './syscalls';
import { bench, enterLongMode, enterRing3, fault, Sel, STACK, TSS } from './testing';

function realMode(b: ReturnType<typeof bench>): void {
  b.cpu.state.setLow(Slot.CR0, 0x10);
  b.cpu.modeChanged();
}

describe('segments', () => {
  it('a load in real-address mode keeps the limit ("unreal mode")', () => {
    const b = bench();
    realMode(b);
    assert.equal(loadSegment(b.cpu, Seg.DS, 0x1234), true);
    assert.deepEqual(b.cpu.state.segment(Seg.DS), {
      selector: 0x1234,
      base: 0x12340n,
      limit: 0xffffffff,
      access: Access.G | Access.DB | Access.P | Access.S | 3,
    });
  });

  it('after reset real-address segments end at 64 KiB: #GP, and #SS through SS', () => {
    const b = bench();
    resetCpu(b.cpu);
    assert.equal(segmentCheck(b.cpu, Seg.DS, 0xfffen, 2, true), 0xfffen);
    assert.equal(segmentCheck(b.cpu, Seg.DS, 0xffffn, 2, true), undefined);
    assert.equal(fault(b.cpu), '#13(0x0)');
    assert.equal(segmentCheck(b.cpu, Seg.SS, 0xffffn, 2, true), undefined);
    assert.equal(fault(b.cpu), '#12(0x0)');
  });

  it('starts at the reset vector', () => {
    const b = bench();
    resetCpu(b.cpu);
    const s = b.cpu.state;
    assert.equal(s.segmentBase(Seg.CS) + s.u64[Slot.RIP], 0xfffffff0n);
  });

  it('a failed load changes nothing and says why', () => {
    const b = bench();
    const before = b.cpu.state.segment(Seg.ES);
    assert.equal(loadSegment(b.cpu, Seg.ES, 0x100), false);
    assert.equal(fault(b.cpu), '#13(0x100)');
    assert.match(b.cpu.faultExplanation ?? '', /beyond the GDT's limit 0xff/);
    assert.deepEqual(b.cpu.state.segment(Seg.ES), before);
  });

  it('sets the accessed bit in memory', () => {
    const b = bench();
    b.descriptor(0x50, 0x1000, 0xfff, 0x4092);
    assert.equal(loadSegment(b.cpu, Seg.FS, 0x50), true);
    assert.equal(b.memory.read8(0x1055), 0x93);
    assert.equal(b.cpu.state.access(Seg.FS), 0x4093);
  });

  it('64-bit mode: only FS and GS have a base', () => {
    const b = bench();
    enterLongMode(b);
    b.cpu.state.setSegment(Seg.FS, { selector: 0, base: 0x7000n, limit: 0, access: Access.UNUSABLE });
    assert.equal(segmentCheck(b.cpu, Seg.FS, 5n, 1, true), 0x7005n);
    assert.equal(segmentCheck(b.cpu, Seg.DS, 5n, 1, true), 5n);
  });

  it('null SS in 64-bit ring 0 keeps the privilege level', () => {
    const b = bench();
    enterLongMode(b);
    assert.equal(loadSegment(b.cpu, Seg.SS, 0), true);
    assert.equal(b.cpu.cpl, 0);
  });
});

describe('far transfers and system calls', () => {
  it('a 16-bit TSS stops the machine with a sentence', () => {
    const b = bench();
    b.descriptor(0x50, 0x7000, 0x2b, 0x81);
    assert.equal(farJump(b.cpu, 0x50, 0n), false);
    assert.equal(b.cpu.stop?.kind, 'unsupported');
  });

  it('a task switch is first offered to the hypervisor', () => {
    const b = bench();
    b.descriptor(0x50, 0x7000, 0x67, 0x89);
    const asked: unknown[] = [];
    b.cpu.intercepts = { ...b.cpu.intercepts, taskSwitch: (...args) => asked.push(args) > 0 };
    assert.equal(farCall(b.cpu, 0x50, 0n, 4), false);
    assert.deepEqual(asked, [[0x50, 'call']]);
    assert.equal(b.cpu.state.selector(Seg.TR), Sel.TSS);
  });

  it('IRET to virtual-8086 mode stops with a sentence', () => {
    const b = bench();
    b.push32([Flag.VM | 2, 0, 0]);
    assert.equal(interruptReturn(b.cpu, 4), false);
    assert.equal(b.cpu.stop?.kind, 'unsupported');
  });

  it('a failing IRET changes no register', () => {
    const b = bench();
    b.push32([Sel.DATA0, STACK, 2, Sel.CODE3, 0x1000]);
    const before = b.cpu.state.u64.slice();
    assert.equal(interruptReturn(b.cpu, 4), false);
    assert.equal(fault(b.cpu), `#13(0x${Sel.DATA0.toString(16)})`);
    assert.deepEqual(b.cpu.state.u64, before);
  });

  it('IRET that sets RFLAGS.AC checks alignment from the next instruction on', () => {
    const b = bench();
    const s = b.cpu.state;
    s.u32[Slot.CR0 * 2] |= Cr0.AM;
    b.cpu.modeChanged();
    b.push32([Sel.DATA3, 0x9000, 0x202 | Flag.AC, Sel.CODE3, 0x5000]);
    assert.equal(interruptReturn(b.cpu, 4), true);
    assert.equal(b.cpu.mmu.read32(b.cpu, 0x9002n), undefined);
    assert.equal(fault(b.cpu), '#17(0x0)');
  });

  it('IRET calls for the machine only if it opens the way for interrupts or traps', () => {
    for (const [before, after, calls] of [
      [0x2, 0x2, false],
      [0x2, 0x202, true],
      [0x202, 0x202, false],
      [0x202, 0x2, false],
      [0x2, 0x102, true],
    ] as const) {
      const b = bench();
      b.cpu.state.setLow(Slot.RFLAGS, before);
      b.cpu.deadline = 1000;
      b.push32([after, Sel.CODE0, 0x5000]);
      assert.equal(interruptReturn(b.cpu, 4), true);
      assert.equal(b.cpu.deadline === b.cpu.icount, calls, `${before} ${after}`);
    }
  });

  it('SYSCALL needs 64-bit mode and EFER.SCE', () => {
    const b = bench();
    syscall(b.cpu);
    assert.equal(fault(b.cpu), '#6');
    enterLongMode(b);
    b.cpu.state.u64[Slot.LSTAR] = 0x5000n;
    b.cpu.state.u64[Slot.STAR] = 0x38n << 32n;
    b.cpu.state.u64[Slot.FMASK] = 0x200n;
    b.cpu.state.setLow(Slot.RFLAGS, 0x202);
    enterRing3(b);
    syscall(b.cpu);
    assert.equal(fault(b.cpu), 'none');
    assert.equal(b.cpu.cpl, 0);
    assert.equal(b.cpu.state.u64[Slot.RCX], 0x100002n);
    assert.equal(b.cpu.flag(Flag.IF), false);
    b.cpu.state.u64[Slot.RCX] = 1n << 47n;
    sysret(b.cpu, true);
    assert.equal(fault(b.cpu), '#13(0x0)');
  });

  it('SYSENTER with a null selector is #GP(0)', () => {
    const b = bench();
    sysenter(b.cpu);
    assert.equal(fault(b.cpu), '#13(0x0)');
  });

  it('CR4.UMIP keeps descriptor tables from ring 3', () => {
    const b = bench();
    enterRing3(b);
    assert.equal(checkUmip(b.cpu, 'SGDT'), true);
    b.cpu.state.setLow(Slot.CR4, Cr4.UMIP);
    assert.equal(checkUmip(b.cpu, 'SGDT'), false);
    assert.equal(fault(b.cpu), '#13(0x0)');
  });
});

describe('the stack of an inner ring', () => {
  const bad: [name: string, prepare: (b: ReturnType<typeof bench>) => void, fault: string][] = [
    ['null', (b) => b.memory.write16(TSS + 8, 0), '#10(0x0)'],
    ['of another ring', (b) => b.memory.write16(TSS + 8, Sel.DATA3), '#10(0x20)'],
    ['read-only', (b) => b.descriptor(Sel.DATA0, 0, 0xfffff, 0xc091), '#10(0x10)'],
    ['not present', (b) => b.descriptor(Sel.DATA0, 0, 0xfffff, 0xc013), '#12(0x10)'],
    ['too small', (b) => b.descriptor(Sel.DATA0, 0, 0xf, 0x4093), '#12(0x10)'],
    [
      'beyond the TSS',
      (b) => b.cpu.state.setSegment(Seg.TR, { selector: Sel.TSS, base: 0n, limit: 4, access: 0x8b }),
      '#10(0x28)',
    ],
  ];
  for (const [name, prepare, expected] of bad) {
    it(`${name}: ${expected}`, () => {
      const b = bench();
      enterRing3(b);
      b.descriptor(0x50, 0, 0, 0);
      b.memory.write32(0x1050, (Sel.CODE0 << 16) | 0x5000);
      b.memory.write32(0x1054, 0xec00);
      prepare(b);
      const before = b.cpu.state.u64.slice();
      assert.equal(farCall(b.cpu, 0x53, 0n, 4), false);
      assert.equal(fault(b.cpu), expected);
      assert.deepEqual(b.cpu.state.u64, before);
    });
  }
});

describe('ports', () => {
  it('IOPL or the bitmap decide', () => {
    const b = bench();
    enterRing3(b);
    b.memory.write16(TSS + 102, 0x68);
    assert.equal(checkIoPermission(b.cpu, 0x60, 1), false);
    fault(b.cpu);
    b.cpu.state.setLow(Slot.RFLAGS, 0x3002);
    assert.equal(checkIoPermission(b.cpu, 0x60, 1), true);
    b.cpu.state.setLow(Slot.RFLAGS, 2);
    b.memory.write16(TSS + 0x68 + 12, 0xfffe);
    b.cpu.state.setSegment(Seg.TR, { selector: Sel.TSS, base: BigInt(TSS), limit: 0x68 + 13, access: 0x8b });
    assert.equal(checkIoPermission(b.cpu, 0x60, 1), true);
    assert.equal(checkIoPermission(b.cpu, 0x60, 2), false);
    fault(b.cpu);
    assert.equal(checkIoPermission(b.cpu, 0x68, 1), false); // the two bytes do not fit
  });

  it('REP INS takes one value an iteration and stays until the count is used up', () => {
    const b = bench();
    const s = b.cpu.state;
    let next = 1;
    b.cpu.ports.attach(0x60, 1, { readPort: () => next++, writePort: () => {} });
    s.setLow(Slot.RDX, 0x60);
    s.setLow(Slot.RCX, 2);
    s.setLow(Slot.RDI, 0x9000);
    const once = () => stringIo(b.cpu, true, { size: 1, addressBytes: 4, repeat: true, seg: Seg.ES });
    once();
    assert.equal(s.u64[Slot.RIP], 0x100000n);
    once();
    assert.equal(s.u64[Slot.RIP], 0x100002n);
    assert.equal(s.low(Slot.RCX), 0);
    assert.equal(b.memory.read16(0x9000), 0x0201);
  });

  it('INS that may not write takes nothing from the device', () => {
    const b = bench();
    let reads = 0;
    b.cpu.ports.attach(0x60, 1, { readPort: () => ++reads, writePort: () => {} });
    b.cpu.state.setLow(Slot.RDX, 0x60);
    b.cpu.state.setSegment(Seg.ES, { selector: 0, base: 0n, limit: 0, access: Access.UNUSABLE });
    b.cpu.modeChanged();
    stringIo(b.cpu, true, { size: 1, addressBytes: 4, repeat: false, seg: Seg.ES });
    assert.equal(fault(b.cpu), '#13(0x0)');
    assert.equal(reads, 0);
  });
});
