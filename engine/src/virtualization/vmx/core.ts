import type { Cpu } from '../../cpu/cpu';
import { Cr0, Flag, Slot } from '../../cpu/state';
import { setFlags } from '../../ir/flags';
import { PAGE_SHIFT } from '../../memory/physical';
import type { EptContext } from '../../memory/walk-types';
import type { ContextId } from '../../records';
import { ExitLog } from '../exit-log';
import { CR0_FIXED0, CR4_FIXED0 } from './capabilities';
import { ExitCause } from './cause';
import { EntryView } from './checks/check';
import { Secondary } from './controls';
import { describeVmError } from './errors';
import { CheckGroup } from './field-access';
import { F } from './fields';
import { makeTransfers, type Transfers } from './transfers';
import { NO_POINTER, Vmcs } from './vmcs';

/** Values of Slot.VMX_MODE. */
export const enum VmxMode {
  OFF = 0,
  ROOT = 1,
  NON_ROOT = 2,
}

/** What is remembered of a VMCS outside its region; it can be derived or forgotten at any time. */
export interface KnownVmcs {
  readonly id: ContextId;
  /** False while the VMCS is cleared. */
  loaded: boolean;
}

/** Stands in where no VMCS is current. */
const NOTHING: KnownVmcs = { id: 'vmcs:0', loaded: false };

/**
 * What every part of VMX works on: the processor, the current VMCS and, while a
 * guest runs, its control words. Architectural state is only in the register
 * file and in the VMCS region; the rest here is derived from them (see
 * {@link reload}) or memory for the debugger.
 */
export class VmxCore {
  readonly vmcs: Vmcs;
  /** Control words of the guest that runs. */
  readonly controls: EntryView;
  /** What the exit under way, or the last one, reports. */
  readonly cause = new ExitCause();
  /** Entries, failed entries and exits. */
  readonly exits = new ExitLog();
  /** True in VMX non-root operation. */
  active = false;
  /** True while VM entry delivers the event it injects. */
  injecting = false;
  /** VMCSs made current since VMXON, in that order: the guests the debugger shows. */
  readonly known = new Map<number, KnownVmcs>();
  /** The current one of them. */
  current: KnownVmcs = NOTHING;
  /** What VMREAD has read. */
  valueLow = 0;
  valueHigh = 0;
  /** Why the last VMX instruction that failed did so, in words. */
  lastFailure: string | undefined;

  /** The EPT pointer of the last guest that had one, and what was made of it. */
  private eptLow = 0;
  private eptHigh = 0;
  private ept: EptContext | undefined;
  private madeTransfers: Transfers | undefined;

  constructor(
    readonly cpu: Cpu,
    private readonly memory: WebAssembly.Memory,
  ) {
    this.vmcs = new Vmcs(cpu.mmu.physical);
    this.controls = new EntryView(cpu, this.vmcs);
    cpu.state.u64[Slot.VMCS_POINTER] = NO_POINTER;
    cpu.state.u64[Slot.PREEMPTION_DEADLINE] = NO_POINTER;
    const { physical } = cpu.mmu;
    const { onMark } = physical;
    physical.onMark = (page) => {
      onMark(page);
      if (page === this.vmcs.pointer >>> PAGE_SHIFT) cpu.vmcsAddress = 0;
    };
  }

  /**
   * In root operation generated code reads and writes the current VMCS by itself, except in a page where writes are
   * reported (that of a VMM which has code there, say).
   */
  setVmcsAddress(): void {
    const { cpu, vmcs } = this;
    const { physical } = cpu.mmu;
    const open = this.hasCurrent && !this.active && physical.marks[vmcs.pointer >>> PAGE_SHIFT] === 0;
    cpu.vmcsAddress = open ? this.vmcsHost : 0;
  }

  /** What copies the state areas; made when VMX is used for the first time. */
  get transfers(): Transfers {
    return (this.madeTransfers ??= makeTransfers(this.memory));
  }

  /** Byte offset of the current VMCS in the WebAssembly.Memory. */
  get vmcsHost(): number {
    return this.cpu.mmu.physical.hostOffset + this.vmcs.pointer;
  }

  /** {@link CheckGroup}s to check at the next entry: VMWRITE sets them, a successful check clears them. */
  get unchecked(): number {
    return this.cpu.state.low(Slot.VMX_UNCHECKED);
  }

  set unchecked(groups: number) {
    this.cpu.state.setLow(Slot.VMX_UNCHECKED, groups);
  }

  /** True when a VMCS is current. */
  get hasCurrent(): boolean {
    return this.cpu.state.u32[Slot.VMCS_POINTER * 2 + 1] !== 0xffffffff;
  }

  /** Makes a VMCS current; NO_POINTER: none. */
  setCurrent(pointer: bigint): void {
    this.cpu.state.u64[Slot.VMCS_POINTER] = pointer;
    if (pointer === NO_POINTER) this.current = NOTHING;
    else this.meet(Number(pointer));
    this.setVmcsAddress();
  }

  /** Points everything at a VMCS; all its checks are due, whoever may have written to it. */
  private meet(address: number): void {
    this.vmcs.pointer = address;
    this.vmcs.beginWrites();
    let known = this.known.get(address);
    if (!known) {
      known = {
        id: `vmcs:${address.toString(16)}`,
        loaded: true,
      };
      this.known.set(address, known);
    }
    known.loaded = true;
    this.current = known;
    this.unchecked = CheckGroup.ALL;
  }

  /** Derives everything here again from the register file and memory: after a snapshot has been put back. */
  reload(): void {
    const { state } = this.cpu;
    this.current = NOTHING;
    if (this.hasCurrent) this.meet(state.number(Slot.VMCS_POINTER));
    this.active = state.low(Slot.VMX_MODE) === VmxMode.NON_ROOT;
    if (this.active) this.controls.refresh();
    this.setEpt();
    this.requireControlBits();
    this.setVmcsAddress();
  }

  /** Tells the processor which CR0 and CR4 bits MOV to CR may not clear (SDM 3C 24.8); an unrestricted guest may clear PE and PG. */
  requireControlBits(): void {
    const { cpu } = this;
    const on = cpu.state.low(Slot.VMX_MODE) !== VmxMode.OFF;
    const unrestricted = this.active && (this.controls.secondary & Secondary.UNRESTRICTED_GUEST) !== 0;
    cpu.cr0Required = !on ? 0 : unrestricted ? Cr0.NE : CR0_FIXED0;
    cpu.cr4Required = on ? CR4_FIXED0 : 0;
  }

  /** Points the walker at the guest's EPT, or at none, and gives its translations the guest's VPID. */
  setEpt(): void {
    const { cpu, vmcs } = this;
    cpu.vpid = this.active && this.controls.secondary & Secondary.ENABLE_VPID ? vmcs.low(F.VPID) : 0;
    if (!this.active || !(this.controls.secondary & Secondary.ENABLE_EPT)) {
      cpu.ept = undefined;
      return;
    }
    const low = vmcs.low(F.EPT_POINTER);
    const high = vmcs.high(F.EPT_POINTER);
    if (low !== this.eptLow || high !== this.eptHigh || this.ept === undefined) {
      this.eptLow = low;
      this.eptHigh = high;
      this.ept = { pointer: vmcs.get(F.EPT_POINTER), accessedDirty: (low & 0x40) !== 0 };
    }
    cpu.ept = this.ept;
  }

  // --- how VMX instructions end (SDM 3C 31.2) -----------------------------------

  /** VMsucceed: the arithmetic flags are cleared. */
  succeed(): true {
    setFlags(this.cpu.state, 0);
    return true;
  }

  /** VMfailInvalid: CF. */
  failInvalid(explanation: string): false {
    setFlags(this.cpu.state, Flag.CF);
    this.lastFailure = explanation;
    return false;
  }

  /** VMfail: VMfailValid with the error in the current VMCS, or VMfailInvalid without one. */
  fail(error: number, explanation?: string): false {
    const text = explanation ?? describeVmError(error);
    if (!this.hasCurrent) return this.failInvalid(text);
    this.vmcs.beginWrites();
    this.vmcs.setLow(F.INSTRUCTION_ERROR, error);
    setFlags(this.cpu.state, Flag.ZF);
    this.lastFailure = text;
    return false;
  }
}
