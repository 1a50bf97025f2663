import assert from 'node:assert/strict';
import { Abort, Vector } from './cpu';
import { deliverException, deliverInterrupt, injectEvent } from './interrupts';
import { Flag, Seg, Slot } from './state';
import { bench, enterLongMode, enterRing3, Sel, STACK, TSS } from './testing';

/** The 32-bit words on the stack, top first. */
function stack(b: ReturnType<typeof bench>, words: number): number[] {
  const sp = b.cpu.state.low(Slot.RSP);
  return Array.from({ length: words }, (_, i) => b.memory.read32(sp + 4 * i));
}

describe('interrupt and exception delivery', () => {
  it('an exception with an error code in 32-bit mode pushes error, EIP, CS, EFLAGS with RF', () => {
    const b = bench();
    b.cpu.raise(Vector.GP, 0x18, 'test');
    deliverException(b.cpu);
    assert.equal(b.cpu.abort, Abort.NONE);
    assert.equal(b.cpu.state.u64[Slot.RIP], 0x5000n + 13n * 16n);
    assert.deepEqual(stack(b, 4), [0x18, 0x100000, Sel.CODE0, 0x2 | Flag.RF]);
    assert.equal(b.records[0].explanation, 'test');
    assert.equal(b.records[0].kind, 'fault');
  });

  it('a page fault writes CR2 only when it is delivered', () => {
    const b = bench();
    b.cpu.raise(Vector.PF, 2, 'test', 0x1234n);
    assert.equal(b.cpu.state.u64[Slot.CR2], 0n);
    deliverException(b.cpu);
    assert.equal(b.cpu.state.u64[Slot.CR2], 0x1234n);
    assert.equal(b.records[0].address, 0x1234n);
  });

  it('an intercepted exception changes nothing, CR2 neither', () => {
    const b = bench();
    let asked: unknown[] = [];
    b.cpu.intercepts = {
      ...b.cpu.intercepts,
      exception: (...args) => {
        asked = args;
        b.cpu.abort = Abort.EXIT;
        return true;
      },
    };
    b.cpu.raise(Vector.PF, 4, 'test', 0x1234n);
    deliverException(b.cpu);
    assert.deepEqual(asked, [14, 4, 'hardware', 0x1234n]);
    assert.equal(b.cpu.abort, Abort.EXIT);
    assert.equal(b.cpu.state.u64[Slot.CR2], 0n);
    assert.equal(b.cpu.state.low(Slot.RSP), STACK);
    assert.equal(b.records.length, 0);
  });

  it('an interrupt from ring 3 switches to the stack of the TSS', () => {
    const b = bench();
    enterRing3(b);
    b.cpu.state.setLow(Slot.RSP, 0x9000);
    b.cpu.state.setLow(Slot.RFLAGS, 0x202);
    deliverInterrupt(b.cpu, 0x20, 'external');
    assert.equal(b.cpu.cpl, 0);
    assert.equal(b.cpu.state.low(Slot.RSP), STACK - 20);
    assert.deepEqual(stack(b, 5), [0x100000, Sel.CODE3, 0x202, 0x9000, Sel.DATA3]);
    assert.equal(b.cpu.flag(Flag.IF), false);
    assert.equal(b.cpu.state.selector(Seg.SS), Sel.DATA0);
  });

  it('sets EXT in the error code of a fault on the way of an external interrupt, not of INT n', () => {
    for (const [kind, expected] of [
      ['external', 0x20 * 8 + 3],
      ['software', 0x20 * 8 + 2],
    ] as const) {
      const b = bench();
      b.gate(0x20, Sel.CODE0, 0, 0x0e);
      deliverInterrupt(b.cpu, 0x20, kind);
      assert.equal(b.cpu.state.u64[Slot.RIP], 0x5000n + 11n * 16n);
      assert.equal(stack(b, 1)[0], expected, kind);
    }
  });

  it('INT n returns behind the instruction, a fault on its way to it', () => {
    const b = bench();
    deliverInterrupt(b.cpu, 0x20, 'software');
    assert.equal(stack(b, 1)[0], 0x100002);
    const c = bench();
    c.gate(0x20, Sel.DATA0, 0, 0x8e);
    deliverInterrupt(c.cpu, 0x20, 'software');
    assert.deepEqual(stack(c, 2), [Sel.DATA0, 0x100000]);
  });

  // SDM 3A Table 6-5: rows are the first exception, columns the second.
  const outcomes: [first: number, second: 'GP' | 'PF', expected: number][] = [
    [Vector.UD, 'GP', 13],
    [Vector.UD, 'PF', 14],
    [Vector.GP, 'GP', 8],
    [Vector.GP, 'PF', 14],
    [Vector.PF, 'GP', 8],
    [Vector.PF, 'PF', 8],
  ];
  for (const [first, second, expected] of outcomes) {
    it(`vector ${first} followed by #${second} gives vector ${expected}`, () => {
      const b = bench();
      if (second === 'GP') b.gate(first, Sel.CODE0, 0, 0x8c);
      else {
        // The handler's code descriptor lies in an LDT on a page that is not mapped.
        enterLongMode(b);
        b.cpu.state.setSegment(Seg.LDTR, { selector: 0x50, base: 0x40000000n, limit: 0xfff, access: 0x82 });
        b.gate(first, 0x0c, 0, 0x8e);
      }
      // The second of two contributory faults uses the handler of the first.
      b.cpu.raise(first, 0, 'first');
      deliverException(b.cpu);
      assert.equal(b.cpu.abort, Abort.NONE);
      assert.equal(b.cpu.state.u64[Slot.RIP], 0x5000n + BigInt(expected * 16));
      assert.equal(b.cpu.delivering, -1);
    });
  }

  it('a triple fault stops with the chain and an explanation', () => {
    const b = bench();
    b.cpu.state.setLow(Slot.IDTR_LIMIT, 0);
    b.cpu.raise(Vector.UD, undefined, 'a bad instruction');
    deliverException(b.cpu);
    assert.equal(b.cpu.abort, Abort.STOP);
    assert.equal(b.cpu.stop?.kind, 'triple-fault');
    if (b.cpu.stop?.kind !== 'triple-fault') return;
    assert.deepEqual(
      b.cpu.stop.chain.map((r) => r.vector),
      [6, 13, 8, 13],
    );
    assert.match(b.cpu.stop.explanation, /a bad instruction.*beyond the IDT's limit 0x0/);
    assert.equal(b.cpu.state.low(Slot.ACTIVITY), 2);
  });

  it('a triple fault in a guest is a VM exit', () => {
    const b = bench();
    b.cpu.state.setLow(Slot.IDTR_LIMIT, 0);
    let delivering = 0;
    b.cpu.intercepts = {
      ...b.cpu.intercepts,
      tripleFault: () => {
        delivering = b.cpu.delivering;
        b.cpu.abort = Abort.EXIT;
        return true;
      },
    };
    b.cpu.raise(Vector.GP, 0);
    deliverException(b.cpu);
    assert.equal(b.cpu.abort, Abort.EXIT);
    assert.equal(delivering, -1);
  });

  it('says what it delivers while a fault on the way exits', () => {
    const b = bench();
    b.gate(0x30, Sel.CODE0, 0, 0x8c);
    const seen: number[] = [];
    b.cpu.intercepts = {
      ...b.cpu.intercepts,
      exception: () => {
        seen.push(b.cpu.delivering, b.cpu.deliveringKind);
        b.cpu.abort = Abort.EXIT;
        return true;
      },
    };
    deliverInterrupt(b.cpu, 0x30, 'external');
    assert.deepEqual(seen, [0x30, 0]);
    assert.equal(b.cpu.delivering, -1);
  });

  it('64-bit frames are aligned, and an inner SS is null', () => {
    const b = bench();
    enterLongMode(b);
    enterRing3(b);
    b.memory.write64(TSS + 4, BigInt(STACK));
    b.cpu.state.setLow(Slot.RSP, 0x9003);
    b.cpu.raise(Vector.GP, 0, 'x');
    deliverException(b.cpu);
    const s = b.cpu.state;
    assert.equal(s.low(Slot.RSP), STACK - 48);
    assert.equal(s.selector(Seg.SS), 0);
    assert.equal(b.cpu.cpl, 0);
    assert.equal(b.memory.read64(STACK - 16), 0x9003n);
    assert.equal(b.memory.read64(STACK - 8), BigInt(Sel.DATA3));
  });

  it('injects with the error code, and INT n behind the instruction', () => {
    const b = bench();
    injectEvent(b.cpu, 0x80000b0d, 0x42, 0);
    assert.deepEqual(stack(b, 3), [0x42, 0x100000, Sel.CODE0]);
    const c = bench();
    injectEvent(c.cpu, 0x80000430, 0, 5);
    assert.equal(stack(c, 1)[0], 0x100005);
  });

  it('goes through the vector table in real-address mode, without an error code', () => {
    const b = bench();
    const s = b.cpu.state;
    s.setLow(Slot.CR0, 0x10);
    s.setSegment(Seg.CS, { selector: 0x100, base: 0x1000n, limit: 0xffff, access: 0x93 });
    s.setSegment(Seg.SS, { selector: 0, base: 0n, limit: 0xffff, access: 0x93 });
    s.u64[Slot.IDTR_BASE] = 0n;
    s.setLow(Slot.IDTR_LIMIT, 0x3ff);
    s.setLow(Slot.RIP, 0x20);
    b.memory.write32(13 * 4, 0x20000123);
    b.cpu.modeChanged();
    b.cpu.raise(Vector.GP, 0);
    deliverException(b.cpu);
    assert.equal(s.low(Slot.RIP), 0x123);
    assert.equal(s.segmentBase(Seg.CS), 0x20000n);
    assert.equal(b.memory.read16(STACK - 6), 0x20);
    assert.equal(b.memory.read16(STACK - 4), 0x100);
    assert.equal(s.low(Slot.RSP), STACK - 6);
  });
});
