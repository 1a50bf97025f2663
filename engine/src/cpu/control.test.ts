import assert from 'node:assert/strict';
import { movFromCr, movToCr } from './control';
import { movFromDr } from './debug-registers';
import { Cr4, Efer, Seg, Slot } from './state';
import { bench, enterLongMode, enterRing3, fault } from './testing';

const GPR = Slot.RBX;

function write(b: ReturnType<typeof bench>, cr: number, value: bigint): string {
  b.cpu.state.u64[GPR] = value;
  movToCr(b.cpu, cr, GPR);
  return fault(b.cpu);
}

describe('control registers', () => {
  it('enabling paging with EFER.LME enters IA-32e mode, disabling leaves it', () => {
    const b = bench();
    const s = b.cpu.state;
    s.setLow(Slot.CR4, Cr4.PAE);
    s.setLow(Slot.EFER, Efer.LME);
    assert.equal(write(b, 0, 0x80000011n), 'none');
    assert.equal(s.low(Slot.EFER), Efer.LME | Efer.LMA);
    assert.equal(b.cpu.longMode, true);
    assert.equal(b.cpu.code64, false);
    assert.equal(write(b, 0, 0x11n), 'none');
    assert.equal(s.low(Slot.EFER), Efer.LME);
  });

  const refused: [name: string, prepare: (b: ReturnType<typeof bench>) => void, cr: number, value: bigint][] =
    [
      ['PG without PE', () => {}, 0, 0x80000010n],
      ['NW without CD', () => {}, 0, 0x20000011n],
      ['LME without PAE', (b) => b.cpu.state.setLow(Slot.EFER, Efer.LME), 0, 0x80000011n],
      ['CR4 reserved', () => {}, 4, 0x80000000n],
      ['CR4 not implemented (OSXSAVE)', () => {}, 4, 0x40000n],
      ['PCIDE outside long mode', () => {}, 4, 0x20000n],
      ['PAE cleared in long mode', enterLongMode, 4, 0n],
      ['PG cleared in 64-bit mode', enterLongMode, 0, 0x11n],
      ['CR3 beyond the physical width', enterLongMode, 3, 1n << 40n],
      ['CR0 bit 32', enterLongMode, 0, 0x180000011n],
      ['CR8 above 15', enterLongMode, 8, 16n],
      [
        'CR0.NE cleared in VMX operation',
        (b) => {
          b.cpu.cr0Required = 0x80000021;
        },
        0,
        0x80000001n,
      ],
      [
        'CR4.VMXE cleared in VMX operation',
        (b) => {
          b.cpu.cr4Required = Cr4.VMXE;
        },
        4,
        0n,
      ],
    ];
  for (const [name, prepare, cr, value] of refused) {
    it(`#GP(0): ${name}`, () => {
      const b = bench();
      prepare(b);
      const before = b.cpu.state.u64[cr === 0 ? Slot.CR0 : cr === 3 ? Slot.CR3 : Slot.CR4];
      assert.equal(write(b, cr, value), '#13(0x0)');
      assert.notEqual(b.cpu.faultExplanation, undefined);
      assert.equal(b.cpu.state.u64[cr === 0 ? Slot.CR0 : cr === 3 ? Slot.CR3 : Slot.CR4], before);
    });
  }

  it('PAE paging loads and checks the PDPTEs', () => {
    const b = bench();
    const s = b.cpu.state;
    s.setLow(Slot.CR4, Cr4.PAE);
    b.memory.write64(0x10000, 0x11001n);
    b.memory.write64(0x10008, 0x12003n);
    assert.equal(write(b, 3, 0x10000n), 'none');
    assert.equal(write(b, 0, 0x80000011n), '#13(0x0)');
    b.memory.write64(0x10008, 0x12002n); // not present: reserved bits do not matter
    assert.equal(write(b, 0, 0x80000011n), 'none');
    assert.equal(s.u64[Slot.PDPTE0], 0x11001n);
  });

  it('is asked of the hypervisor after the privilege check, before the value checks', () => {
    const b = bench();
    const asked: string[] = [];
    b.cpu.intercepts = {
      ...b.cpu.intercepts,
      writeCr: (cr, value) => {
        asked.push(`cr${cr}=${value.toString(16)}`);
        return true;
      },
    };
    assert.equal(write(b, 0, 0x80000010n), 'none');
    assert.deepEqual(asked, ['cr0=80000010']);
    enterRing3(b);
    assert.equal(write(b, 0, 0x80000010n), '#13(0x0)');
    assert.equal(asked.length, 1);
  });

  it('shows the guest its read shadow and keeps the masked bits', () => {
    const b = bench();
    b.cpu.intercepts = {
      ...b.cpu.intercepts,
      visibleCr: (_cr, real) => real | 0x2000n,
      loaded: (_cr, value, real) => (value & ~0x2000n) | (real & 0x2000n),
    };
    movFromCr(b.cpu, 4, GPR);
    assert.equal(b.cpu.state.u64[GPR], 0x2000n);
    assert.equal(write(b, 4, 0x2010n), 'none');
    assert.equal(b.cpu.state.u64[Slot.CR4], 0x10n);
  });

  it('CR8 exists only in 64-bit mode', () => {
    const b = bench();
    assert.equal(write(b, 8, 1n), '#6');
    enterLongMode(b);
    assert.equal(write(b, 8, 1n), 'none');
  });

  it('the MOV DR exit comes before every fault', () => {
    const b = bench();
    enterRing3(b);
    let asked = 0;
    b.cpu.intercepts = { ...b.cpu.intercepts, accessDr: () => ++asked > 0 };
    movFromDr(b.cpu, 7, GPR);
    assert.equal(fault(b.cpu), 'none');
    assert.equal(asked, 1);
    b.cpu.intercepts = { ...b.cpu.intercepts, accessDr: () => false };
    movFromDr(b.cpu, 7, GPR);
    assert.equal(fault(b.cpu), '#13(0x0)');
  });

  it('entering protected mode keeps the segments: CPL is 0', () => {
    const b = bench();
    assert.equal(write(b, 0, 0x10n), 'none');
    assert.equal(b.cpu.realMode, true);
    assert.equal(write(b, 0, 0x11n), 'none');
    assert.equal(b.cpu.cpl, 0);
    assert.equal(b.cpu.state.segmentLimit(Seg.DS), 0xffffffff);
  });
});
