import { strict as assert } from 'node:assert';
import { Abort } from '../../cpu/cpu';
import { Cr0, Cr4, Efer, Flag, Seg, Slot } from '../../cpu/state';
import { getFlags, readRflags } from '../../ir/flags';
import { Machine } from '../../machine';
import type { ExitRecord } from '../../records';
import { VMCS_REVISION } from './capabilities';
import { CONTROLS, Entry, Exit, Pin, Primary, Secondary } from './controls';
import { VmError } from './errors';
import { F, fieldByName, fieldName } from './fields';
import {
  mayExecute,
  vmread as readInHalves,
  vmcall,
  vmclear,
  vmlaunch,
  vmptrld,
  vmxoff,
  vmxon,
  vmxonAllowed,
  vmwrite as writeInHalves,
} from './instructions';
import { Reason } from './reasons';
import { readVmcs } from './vmcs';

const VMXON_REGION = 0x1000n;
const VMCS_A = 0x2000n;
const VMCS_B = 0x3000n;
const EPT = 0x10000;
const GUEST_CODE = 0x20000;

/** A machine whose host is in 64-bit mode at ring 0, without a program: the tests call what the lifted instructions call. */
function hostMachine() {
  const machine = new Machine({ memoryMiB: 4 });
  const { cpu, physical, vmx } = machine;
  const s = cpu.state;
  cpu.icount = 1;
  s.setLow(Slot.CR0, (Cr0.PE | Cr0.NE | Cr0.PG | Cr0.ET) >>> 0);
  s.setLow(Slot.CR4, Cr4.PAE | Cr4.VMXE);
  s.setLow(Slot.EFER, Efer.LME | Efer.LMA);
  s.setLow(Slot.FEATURE_CONTROL, 5);
  s.setSegment(Seg.CS, { selector: 8, base: 0n, limit: 0xffffffff, access: 0xa09b });
  s.setSegment(Seg.SS, { selector: 16, base: 0n, limit: 0xffffffff, access: 0xc093 });
  cpu.modeChanged();
  for (const region of [VMXON_REGION, VMCS_A, VMCS_B]) physical.write32(Number(region), VMCS_REVISION);
  const records: ExitRecord[] = [];
  cpu.observer = { transition: () => void records.push(machine.exitLog.last!) };
  return { machine, cpu, physical, vmx, core: vmx.core, s, records };
}

type Host = ReturnType<typeof hostMachine>;

/** Fields of a guest in 32-bit mode without paging, EPT one to one with one 2 MiB page. */
function guestFields(): [F, number | bigint][] {
  const segments: [F, number | bigint][] = [];
  for (let seg = 0; seg < 8; seg++) {
    segments.push([F.GUEST_ES_LIMIT + seg * 2, seg < 6 ? 0xffffffff : 0x67]);
    const access = seg === Seg.CS ? 0xc09b : seg === Seg.TR ? 0x8b : seg === Seg.LDTR ? 0x10000 : 0xc093;
    segments.push([F.GUEST_ES_ACCESS + seg * 2, access]);
  }
  return [
    ...segments,
    [F.PIN_CONTROLS, CONTROLS.pin.requiredOnes],
    [
      F.PRIMARY_CONTROLS,
      (CONTROLS.primary.requiredOnes | Primary.ACTIVATE_SECONDARY | Primary.HLT_EXITING) >>> 0,
    ],
    [F.SECONDARY_CONTROLS, Secondary.ENABLE_EPT | Secondary.UNRESTRICTED_GUEST],
    [F.EXIT_CONTROLS, CONTROLS.exit.requiredOnes | Exit.HOST_ADDRESS_SPACE_SIZE | Exit.SAVE_EFER],
    [F.ENTRY_CONTROLS, CONTROLS.entry.requiredOnes | Entry.LOAD_EFER],
    [F.EPT_POINTER, EPT | 0x1e],
    [F.HOST_CR0, 0x80000031],
    [F.HOST_CR3, 0x5000],
    [F.HOST_CR4, Cr4.PAE | Cr4.VMXE],
    [F.HOST_CS_SELECTOR, 8],
    [F.HOST_SS_SELECTOR, 16],
    [F.HOST_TR_SELECTOR, 24],
    [F.HOST_RIP, 0x7000],
    [F.HOST_RSP, 0x8000],
    [F.HOST_FS_BASE, 0x1234],
    [F.GUEST_CR0, Cr0.PE | Cr0.NE],
    [F.GUEST_CR4, Cr4.VMXE],
    [F.GUEST_RIP, GUEST_CODE],
    [F.GUEST_RSP, 0x9000],
    [F.GUEST_RFLAGS, 2],
    [F.VMCS_LINK_POINTER, 0xffffffffffffffffn],
  ];
}

/** VMXON, VMPTRLD and a filled VMCS; `more` overrides fields. */
function withGuest(more: [F, number | bigint][] = []): Host {
  const host = hostMachine();
  const { core, physical } = host;
  physical.write64(EPT, BigInt(EPT + 0x1000) | 7n);
  physical.write64(EPT + 0x1000, BigInt(EPT + 0x2000) | 7n);
  physical.write64(EPT + 0x2000, 0xb7n);
  assert.ok(vmxon(core, VMXON_REGION));
  assert.ok(vmclear(core, VMCS_A));
  assert.ok(vmptrld(core, VMCS_A));
  for (const [field, value] of [...guestFields(), ...more])
    assert.ok(vmwrite(core, BigInt(field), BigInt(value)), `VMWRITE ${field.toString(16)}`);
  return host;
}

/** The same, entered. */
function inGuest(more: [F, number | bigint][] = []): Host {
  const host = withGuest(more);
  assert.ok(vmlaunch(host.core, false), host.core.lastFailure);
  return host;
}

const halves = (value: bigint) => [Number(value & 0xffffffffn), Number(value >> 32n)] as const;

/** VMREAD at the mode's operand size; undefined after a failure. */
function vmread(core: Host['core'], encoding: bigint): bigint | undefined {
  if (!readInHalves(core, ...halves(encoding))) return undefined;
  return (BigInt(core.valueHigh) << 32n) | BigInt(core.valueLow);
}

function vmwrite(core: Host['core'], encoding: bigint, value: bigint): boolean {
  return writeInHalves(core, ...halves(encoding), ...halves(value));
}

const read = ({ core }: Host, field: F) => Number(core.vmcs.get(field));

/** Error in the VM-instruction error field, when ZF says there is one. */
function failedWith(host: Host): number | 'invalid' | undefined {
  const flags = getFlags(host.s);
  if (flags & Flag.CF) return 'invalid';
  return flags & Flag.ZF ? read(host, F.INSTRUCTION_ERROR) : undefined;
}

describe('VMX instructions (SDM 3C chapter 31)', () => {
  it('VMXON needs CR4.VMXE, CR0.NE and IA32_FEATURE_CONTROL', () => {
    const { core, cpu, s } = hostMachine();
    s.setLow(Slot.CR4, Cr4.PAE);
    assert.equal(mayExecute(core, 'vmxon', 0), false);
    assert.deepEqual([cpu.abort, cpu.faultVector], [Abort.FAULT, 6]);
    s.setLow(Slot.CR4, Cr4.PAE | Cr4.VMXE);
    assert.ok(mayExecute(core, 'vmxon', 0) && vmxonAllowed(core));
    s.setLow(Slot.FEATURE_CONTROL, 1);
    assert.ok(!vmxonAllowed(core) && cpu.faultVector === 13);
    s.setLow(Slot.FEATURE_CONTROL, 5);
    s.setLow(Slot.CR0, (Cr0.PE | Cr0.PG) >>> 0);
    assert.ok(!vmxonAllowed(core));
  });

  it('VMXON checks its region; a second one fails with error 15', () => {
    const host = hostMachine();
    const { core, physical } = host;
    assert.ok(!vmxon(core, 0x1008n) && !vmxon(core, 1n << 45n));
    assert.equal(failedWith(host), 'invalid');
    physical.write32(0x1000, 0);
    assert.ok(!vmxon(core, VMXON_REGION));
    physical.write32(0x1000, VMCS_REVISION);
    assert.ok(vmxon(core, VMXON_REGION));
    assert.equal(failedWith(host), undefined);
    assert.ok(!vmxon(core, VMXON_REGION));
    assert.equal(failedWith(host), 'invalid'); // no current VMCS holds the number
    vmptrld(core, VMCS_A);
    vmxon(core, VMXON_REGION);
    assert.equal(failedWith(host), VmError.VMXON_IN_ROOT);
  });

  it('all others are #UD outside VMX operation and #GP above ring 0', () => {
    const { core, cpu, s } = hostMachine();
    assert.ok(!mayExecute(core, 'vmread', 0) && cpu.faultVector === 6);
    vmxon(core, VMXON_REGION);
    cpu.abort = Abort.NONE;
    s.setSegment(Seg.SS, { selector: 19, base: 0n, limit: 0xffffffff, access: 0xc0f3 });
    cpu.modeChanged();
    assert.ok(!mayExecute(core, 'vmread', 0) && (cpu.faultVector as number) === 13);
  });

  it('VMPTRLD and VMCLEAR refuse wrong pointers with their numbers', () => {
    const host = hostMachine();
    const { core, physical } = host;
    vmxon(core, VMXON_REGION);
    vmptrld(core, VMCS_A);
    physical.write32(0x4000, VMCS_REVISION ^ 1);
    const cases: [() => boolean, VmError][] = [
      [() => vmptrld(core, 0x2001n), VmError.VMPTRLD_INVALID_ADDRESS],
      [() => vmptrld(core, VMXON_REGION), VmError.VMPTRLD_VMXON_POINTER],
      [() => vmptrld(core, 0x4000n), VmError.VMPTRLD_REVISION],
      [() => vmptrld(core, 0x3f000000n), VmError.VMPTRLD_REVISION], // no memory there
      [() => vmclear(core, 1n << 40n), VmError.VMCLEAR_INVALID_ADDRESS],
      [() => vmclear(core, VMXON_REGION), VmError.VMCLEAR_VMXON_POINTER],
    ];
    for (const [execute, error] of cases) {
      assert.equal(execute(), false);
      assert.equal(failedWith(host), error);
    }
  });

  it('VMREAD and VMWRITE: widths, high halves, read-only and unknown fields', () => {
    const host = hostMachine();
    const { core } = host;
    vmxon(core, VMXON_REGION);
    assert.equal(vmread(core, BigInt(F.GUEST_RIP)), undefined);
    assert.equal(failedWith(host), 'invalid');
    vmptrld(core, VMCS_A);
    const all = 0xfedcba9876543210n;
    const written = (field: number, value = all) => {
      assert.ok(vmwrite(core, BigInt(field), value));
      return vmread(core, BigInt(field & ~1));
    };
    assert.equal(written(F.GUEST_CS_SELECTOR), 0x3210n);
    assert.equal(written(F.GUEST_CS_LIMIT), 0x76543210n);
    assert.equal(written(F.TSC_OFFSET), all);
    assert.equal(written(F.TSC_OFFSET + 1, 5n), 0x576543210n);
    assert.equal(vmread(core, BigInt(F.TSC_OFFSET + 1)), 5n);
    assert.equal(written(F.TSC_OFFSET, 7n), 7n);
    assert.equal(vmread(core, BigInt(F.GUEST_RIP + 1)), undefined);
    assert.equal(failedWith(host), VmError.UNSUPPORTED_FIELD);
    assert.ok(!vmwrite(core, 1n << 40n, 0n) && !vmwrite(core, BigInt(F.PML_ADDRESS), 0n));
    assert.ok(!vmwrite(core, BigInt(F.EXIT_REASON), 0n));
    assert.equal(failedWith(host), VmError.READ_ONLY_FIELD);
  });

  it('VMLAUNCH wants a clear VMCS, VMRESUME a launched one', () => {
    const host = inGuest();
    const { core, vmx } = host;
    vmx.instruction('cpuid');
    assert.ok(!vmlaunch(core, false));
    assert.equal(failedWith(host), VmError.VMLAUNCH_NOT_CLEAR);
    assert.ok(vmlaunch(core, true));
    vmx.instruction('cpuid');
    assert.ok(vmclear(core, VMCS_A));
    assert.ok(!vmlaunch(core, true));
    assert.equal(failedWith(host), 'invalid');
    vmptrld(core, VMCS_A);
    assert.ok(!vmlaunch(core, true));
    assert.equal(failedWith(host), VmError.VMRESUME_NOT_LAUNCHED);
  });

  it('VM entry in the shadow of MOV SS fails with error 26', () => {
    const host = withGuest();
    host.cpu.icount = 10;
    host.s.setNumber(Slot.SHADOW_SS, 9);
    assert.ok(!vmlaunch(host.core, false));
    assert.equal(failedWith(host), VmError.BLOCKED_BY_MOV_SS);
    assert.equal(host.vmx.lastFailure, 'VM entry with events blocked by MOV SS');
  });

  it('VMCALL in root operation fails with error 1', () => {
    const host = withGuest();
    assert.ok(!vmcall(host.core));
    assert.equal(failedWith(host), VmError.VMCALL_IN_ROOT);
  });

  it('VMXOFF forgets the current VMCS', () => {
    const { core, s, cpu } = withGuest();
    assert.ok(vmxoff(core));
    assert.ok(!core.hasCurrent && s.low(Slot.VMX_MODE) === 0 && cpu.cr4Required === 0);
  });
});

describe('VM entry and exit (SDM 3C chapters 27 and 28)', () => {
  it('switch contexts and tell the observer', () => {
    const { cpu, s, vmx, records } = inGuest([
      [F.ENTRY_CONTROLS, CONTROLS.entry.requiredOnes | Entry.LOAD_EFER | Entry.LOAD_DEBUG_CONTROLS],
      [F.GUEST_DR7, 0x455],
      [F.GUEST_DEBUGCTL, 1],
      [F.GUEST_RFLAGS, 0xad7],
    ]);
    assert.equal(cpu.context, 'vmcs:2000');
    assert.deepEqual([s.u64[Slot.DR7], s.u64[Slot.DEBUGCTL], readRflags(s)], [0x455n, 1n, 0xad7]);
    assert.equal(s.u64[Slot.RIP], BigInt(GUEST_CODE));
    assert.equal(cpu.abort, Abort.EXIT);
    assert.ok(cpu.ept?.pointer === BigInt(EPT | 0x1e) && !cpu.ept.accessedDirty);
    cpu.instructionLength = 2;
    assert.ok(vmx.instruction('cpuid'));
    assert.equal(cpu.context, 'host');
    assert.equal(cpu.ept, undefined);
    assert.deepEqual([s.u64[Slot.RIP], s.u64[Slot.RSP], s.segmentBase(Seg.FS)], [0x7000n, 0x8000n, 0x1234n]);
    assert.ok(cpu.code64);
    assert.deepEqual([s.u64[Slot.DR7], s.u64[Slot.DEBUGCTL], readRflags(s)], [0x400n, 0n, 2]);
    assert.deepEqual(
      records.map((r) => [r.kind, r.from, r.to, r.reasonName, r.instructionLength]),
      [
        ['entry', 'host', 'vmcs:2000', 'VM entry', 0],
        ['exit', 'vmcs:2000', 'host', 'CPUID', 2],
      ],
    );
  });

  it('keep host and guest CR0 bits that neither may change: ET, CD, NW', () => {
    const { s, vmx } = inGuest([[F.GUEST_CR0, Cr0.PE | Cr0.NE | Cr0.CD]]);
    assert.equal(s.low(Slot.CR0), Cr0.PE | Cr0.NE | Cr0.ET);
    vmx.instruction('cpuid');
    assert.equal(s.low(Slot.CR0), 0x80000031);
  });

  it('nothing exits in root operation', () => {
    const { vmx } = withGuest();
    assert.ok(!vmx.instruction('cpuid') && !vmx.io(0x3f8, 1, false) && !vmx.readMsr(0x10));
    assert.ok(!vmx.exception(14, 0, 'hardware', 0n) && !vmx.tripleFault() && !vmx.betweenInstructions(true));
    assert.equal(vmx.visibleCr(0, 5n), 5n);
  });

  it('an external interrupt exits whatever RFLAGS.IF is, with the vector if it is acknowledged', () => {
    for (const acknowledge of [false, true]) {
      const exit = CONTROLS.exit.requiredOnes | Exit.HOST_ADDRESS_SPACE_SIZE;
      const host = inGuest([
        [F.PIN_CONTROLS, CONTROLS.pin.requiredOnes | Pin.EXTERNAL_INTERRUPT_EXITING],
        [F.EXIT_CONTROLS, exit | (acknowledge ? Exit.ACKNOWLEDGE_INTERRUPT : 0)],
      ]);
      host.cpu.interrupts = { pending: () => true, acknowledge: () => 0x31 };
      assert.ok(host.vmx.betweenInstructions(true));
      assert.equal(read(host, F.EXIT_REASON), Reason.EXTERNAL_INTERRUPT);
      assert.equal(read(host, F.EXIT_INTERRUPTION), acknowledge ? 0x80000031 : 0);
    }
  });

  it('the preemption timer counts every 32 ticks of the time-stamp counter and is saved', () => {
    const host = withGuest([
      [F.PIN_CONTROLS, CONTROLS.pin.requiredOnes | Pin.PREEMPTION_TIMER],
      [
        F.EXIT_CONTROLS,
        CONTROLS.exit.requiredOnes | Exit.HOST_ADDRESS_SPACE_SIZE | Exit.SAVE_PREEMPTION_TIMER,
      ],
      [F.PREEMPTION_TIMER, 3],
    ]);
    const { cpu, core, vmx } = host;
    cpu.icount = 1000; // bit 5 of the counter changes at 1024, 1056, 1088
    cpu.state.u64[Slot.TSC_OFFSET] = 0n;
    assert.ok(vmlaunch(core, false));
    assert.equal(cpu.state.number(Slot.PREEMPTION_DEADLINE), 1088);
    cpu.icount = 1060;
    assert.ok(!vmx.betweenInstructions(false));
    vmx.instruction('cpuid');
    assert.equal(read(host, F.PREEMPTION_TIMER), 1);
    assert.ok(vmlaunch(core, true));
    cpu.icount = 1088;
    assert.ok(vmx.betweenInstructions(false));
    assert.equal(read(host, F.EXIT_REASON), Reason.PREEMPTION_TIMER);
    assert.equal(read(host, F.PREEMPTION_TIMER), 0);
    assert.equal(cpu.state.u64[Slot.PREEMPTION_DEADLINE], 0xffffffffffffffffn);
  });

  it('an NMI exits by "NMI exiting" and then blocks NMIs of the host', () => {
    const host = inGuest([[F.PIN_CONTROLS, CONTROLS.pin.requiredOnes | Pin.NMI_EXITING]]);
    assert.ok(host.vmx.nmi());
    assert.equal(read(host, F.EXIT_INTERRUPTION), 0x80000202);
    assert.equal(host.s.low(Slot.NMI_BLOCKED), 1);
  });

  it('after a vectoring entry nothing blocks by STI (27.7.1)', () => {
    const host = inGuest([
      [F.ENTRY_INTERRUPTION, 0x80000202],
      [F.GUEST_INTERRUPTIBILITY, 1],
      [F.GUEST_RFLAGS, 0x202],
    ]);
    // There is no IDT: the NMI's delivery ends in a triple fault.
    assert.equal(read(host, F.EXIT_REASON), Reason.TRIPLE_FAULT);
    assert.equal(read(host, F.GUEST_INTERRUPTIBILITY), 8);
    assert.equal(read(host, F.ENTRY_INTERRUPTION), 0x202);
  });

  it('MSR lists: stored and loaded on exit, loaded on entry', () => {
    const host = withGuest([
      [F.ENTRY_MSR_LOAD_COUNT, 1],
      [F.ENTRY_MSR_LOAD_ADDRESS, 0x40000],
      [F.EXIT_MSR_STORE_COUNT, 1],
      [F.EXIT_MSR_STORE_ADDRESS, 0x40000],
      [F.EXIT_MSR_LOAD_COUNT, 1],
      [F.EXIT_MSR_LOAD_ADDRESS, 0x41000],
    ]);
    const { physical, s, vmx, core } = host;
    const lstar = 0xc0000082;
    physical.write32(0x40000, lstar);
    physical.write64(0x40008, 0x1111n);
    physical.write32(0x41000, lstar);
    physical.write64(0x41008, 0x2222n);
    assert.ok(vmlaunch(core, false));
    assert.equal(s.u64[Slot.LSTAR], 0x1111n);
    s.u64[Slot.LSTAR] = 0x3333n;
    vmx.instruction('cpuid');
    assert.equal(physical.read64(0x40008), 0x3333n);
    assert.equal(s.u64[Slot.LSTAR], 0x2222n);
  });

  it('a failing list on exit is a VMX abort: indicator, shutdown, explanation (28.7)', () => {
    for (const [list, indicator] of [
      [F.EXIT_MSR_STORE_COUNT, 1],
      [F.EXIT_MSR_LOAD_COUNT, 4],
    ] as const) {
      const { cpu, physical, vmx, s } = inGuest([
        [list, 1],
        [F.EXIT_MSR_STORE_ADDRESS, 0x40000],
        [F.EXIT_MSR_LOAD_ADDRESS, 0x40000],
      ]);
      physical.write32(0x40000, 0x12345678);
      vmx.instruction('cpuid');
      assert.equal(physical.read32(Number(VMCS_A) + 4), indicator);
      assert.equal(cpu.abort, Abort.STOP);
      assert.match(JSON.stringify(cpu.stop), new RegExp(`VMX abort ${indicator}`));
      assert.equal(s.low(Slot.ACTIVITY), 2);
    }
  });

  it('entry checks are repeated for a field that VMWRITE has changed, also after a good entry', () => {
    const host = inGuest();
    const { core, vmx } = host;
    vmx.instruction('cpuid');
    assert.ok(vmlaunch(core, true));
    vmx.instruction('cpuid');
    for (const [field, bad, good] of [
      [F.CR3_TARGET_COUNT, 5n, 0n],
      [F.HOST_CR4, 0n, BigInt(Cr4.PAE | Cr4.VMXE)],
      [F.GUEST_SS_ACCESS, 0xc09bn, 0xc093n],
      [F.GUEST_RFLAGS, 0n, 2n],
    ] as const) {
      vmwrite(core, BigInt(field), bad);
      assert.equal(vmlaunch(core, true), false, field.toString(16));
      vmwrite(core, BigInt(field), good);
      assert.ok(vmlaunch(core, true), core.lastFailure);
      vmx.instruction('cpuid');
    }
  });

  const spoilt: [F, (host: Host) => void][] = [
    [F.GUEST_CR0, ({ s }) => s.setLow(Slot.CR0, Cr0.PE)],
    [F.GUEST_CR4, ({ s }) => s.setLow(Slot.CR4, Cr4.VMXE | (1 << 30))],
    [F.GUEST_EFER, ({ s }) => s.setLow(Slot.EFER, 2)],
    [F.GUEST_SYSENTER_ESP, ({ s }) => s.setNumber(Slot.SYSENTER_ESP, 2 ** 47)],
    [F.GUEST_GDTR_LIMIT, ({ s }) => s.setLow(Slot.GDTR_LIMIT, 0x10000)],
    [F.GUEST_FS_BASE, ({ s }) => s.setNumber(Slot.SEGMENTS + Seg.FS * 4 + 1, 2 ** 47)],
    [F.GUEST_DS_ACCESS, ({ s }) => s.setLow(Slot.SEGMENTS + Seg.DS * 4 + 3, 0x93 & ~1)],
    [F.GUEST_RIP, ({ s }) => s.setNumber(Slot.RIP, 2 ** 32)],
    [F.GUEST_RFLAGS, ({ s }) => s.setLow(Slot.RFLAGS, 2 | Flag.VM)],
    [F.GUEST_ACTIVITY, ({ s }) => s.setLow(Slot.ACTIVITY, 4)],
    [F.VMCS_LINK_POINTER, ({ core }) => core.vmcs.setLow(F.VMCS_LINK_POINTER, 0)],
  ];
  for (const [field, spoil] of spoilt) {
    it(`and for what an exit saves: ${fieldName(field)}`, () => {
      const host = inGuest();
      const { core, vmx } = host;
      vmx.instruction('cpuid');
      assert.ok(vmlaunch(core, true), core.lastFailure);
      spoil(host);
      vmx.instruction('cpuid');
      assert.equal(vmlaunch(core, true), false);
      assert.equal(read(host, F.EXIT_REASON), 0x80000000 + Reason.ENTRY_GUEST_STATE);
    });
  }
});

describe('what a debugger sees of VMX', () => {
  it('guests in the order of their first VMPTRLD, without cleared ones', () => {
    const { core, vmx } = inGuest();
    vmx.instruction('cpuid');
    vmptrld(core, VMCS_B);
    assert.deepEqual(vmx.guestContexts(), [
      { id: 'vmcs:2000', pointer: VMCS_A, launched: true },
      { id: 'vmcs:3000', pointer: VMCS_B, launched: false },
    ]);
    vmclear(core, VMCS_A);
    assert.deepEqual(
      vmx.guestContexts().map((g) => g.id),
      ['vmcs:3000'],
    );
    vmptrld(core, VMCS_A);
    assert.deepEqual(
      vmx.guestContexts().map((g) => g.id),
      ['vmcs:2000', 'vmcs:3000'],
    );
  });

  it('registers and paging of a guest that does not run, and of the host while one runs', () => {
    const { vmx, s, cpu } = inGuest();
    assert.equal(vmx.savedHostPagingContext().mode, '4-level');
    assert.equal(vmx.savedHostPagingContext().cr3, 0x5000n);
    assert.equal(vmx.savedHostState()?.rip, 0x7000n);
    s.u64[Slot.RIP] = 0x20005n;
    vmx.instruction('cpuid');
    const saved = vmx.savedGuestState(VMCS_A)!;
    assert.deepEqual([saved.rip, saved.rsp, saved.segments[Seg.CS].access], [0x20005n, 0x9000n, 0xc09b]);
    const paging = vmx.savedPagingContext(VMCS_A);
    assert.deepEqual([paging.mode, paging.ept?.pointer], ['none', BigInt(EPT | 0x1e)]);
    assert.equal(readVmcs(cpu, VMCS_A, fieldByName('guest rip')!), 0x20005n);
    assert.equal(readVmcs(cpu, 1n << 50n, F.GUEST_RIP), undefined);
    assert.equal(vmx.savedGuestState(1n << 50n), undefined);
  });

  it('the last exit, also after everything but memory is forgotten', () => {
    const { vmx, cpu, core, s } = inGuest();
    cpu.icount = 42;
    s.setLow(Slot.RCX, 0x10);
    assert.ok(vmx.readMsr(0x10));
    const { reasonName, detail, count } = vmx.lastExit(VMCS_A)!;
    assert.deepEqual([reasonName, detail, count], ['RDMSR', 'MSR 0x10', 42]);
    core.known.clear();
    const again = vmx.lastExit(VMCS_A)!;
    assert.deepEqual([again.reasonName, again.count, again.from], ['RDMSR', 42, 'vmcs:2000']);
    s.setLow(Slot.VMX_MODE, 2);
    cpu.cr0Required = cpu.cr4Required = 0;
    vmx.reload();
    assert.deepEqual([cpu.cr0Required, cpu.cr4Required], [Cr0.NE, Cr4.VMXE]);
    assert.equal(core.active, true);
    assert.equal(cpu.ept?.pointer, BigInt(EPT | 0x1e));
  });
});
