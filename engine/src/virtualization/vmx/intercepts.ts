/** VMX non-root operation: which event exits (SDM 3C chapter 26). */
import { type Cpu, Vector } from '../../cpu/cpu';
import { EventType } from '../../cpu/event';
import type { Intercepts } from '../../cpu/intercepts';
import { Cr0, Flag, Seg, SegField, Slot } from '../../cpu/state';
import type { EptFault } from '../../memory/walk-types';
import { type ExitCause, Resume } from './cause';
import { Activity } from './checks/guest';
import { Exit, Pin, Primary, Secondary } from './controls';
import { VmxCore } from './core';
import { vmExit } from './exit';
import { F } from './fields';
import { currentOperand } from './operand-info';
import { preemptionTimerExpired } from './preemption-timer';
import { Reason } from './reasons';

/** Which control makes an instruction exit; `always` needs none. */
const INSTRUCTION_EXITS = {
  cpuid: { reason: Reason.CPUID, word: 'always', mask: 0 },
  hlt: { reason: Reason.HLT, word: 'primary', mask: Primary.HLT_EXITING },
  invd: { reason: Reason.INVD, word: 'always', mask: 0 },
  wbinvd: { reason: Reason.WBINVD, word: 'secondary', mask: Secondary.WBINVD_EXITING },
  rdtsc: { reason: Reason.RDTSC, word: 'primary', mask: Primary.RDTSC_EXITING },
  rdtscp: { reason: Reason.RDTSCP, word: 'primary', mask: Primary.RDTSC_EXITING },
  rdpmc: { reason: Reason.RDPMC, word: 'primary', mask: Primary.RDPMC_EXITING },
  pause: { reason: Reason.PAUSE, word: 'primary', mask: Primary.PAUSE_EXITING },
  monitor: { reason: Reason.MONITOR, word: 'primary', mask: Primary.MONITOR_EXITING },
  mwait: { reason: Reason.MWAIT, word: 'primary', mask: Primary.MWAIT_EXITING },
  xsetbv: { reason: Reason.XSETBV, word: 'always', mask: 0 },
  invpcid: { reason: Reason.INVPCID, word: 'primary', mask: Primary.INVLPG_EXITING },
  getsec: { reason: Reason.GETSEC, word: 'always', mask: 0 },
  // Outside SMM it is #UD, which comes first (SDM 3C 26.1.1).
  rsm: undefined,
} as const;

const VALID = 0x80000000;
const CS_BASE = Slot.SEGMENTS + Seg.CS * 4 + SegField.BASE;
/** Bits 8:7 of an EPT violation's qualification (SDM 3C Table 28-7): a linear address is valid, and the access is to the page. */
const TABLE_ACCESS = 0x80;
const PAGE_ACCESS = 0x180;
/** Access types of a control-register qualification (SDM 3C Table 28-3). */
const MOV_TO = 0;
const MOV_FROM = 1;
const CLTS = 2;
const LMSW = 3;

const DESCRIPTOR_IDENTITY: Readonly<Record<string, { reason: Reason; identity: number }>> = {
  sgdt: { reason: Reason.GDTR_IDTR_ACCESS, identity: 0 },
  sidt: { reason: Reason.GDTR_IDTR_ACCESS, identity: 1 },
  lgdt: { reason: Reason.GDTR_IDTR_ACCESS, identity: 2 },
  lidt: { reason: Reason.GDTR_IDTR_ACCESS, identity: 3 },
  sldt: { reason: Reason.LDTR_TR_ACCESS, identity: 0 },
  str: { reason: Reason.LDTR_TR_ACCESS, identity: 1 },
  lldt: { reason: Reason.LDTR_TR_ACCESS, identity: 2 },
  ltr: { reason: Reason.LDTR_TR_ACCESS, identity: 3 },
};

/** Answers the processor's questions while a guest runs; {@link vmExit} does the rest. */
export class VmxIntercepts implements Intercepts {
  readonly core: VmxCore;

  constructor(
    protected readonly cpu: Cpu,
    memory: WebAssembly.Memory,
  ) {
    this.core = new VmxCore(cpu, memory);
  }

  /** Begins an exit by the current instruction: its length, and RF clear in what is saved. */
  private byInstruction(reason: Reason, qualification = 0): ExitCause {
    const cause = this.core.cause.begin(reason, qualification);
    cause.length = this.cpu.instructionLength;
    cause.resume = Resume.CLEAR;
    return cause;
  }

  /** An exit by the current instruction. */
  private exit(reason: Reason, qualification = 0): true {
    this.byInstruction(reason, qualification);
    return vmExit(this.core);
  }

  /** The same with the instruction's operands (SDM 3C 28.2.5); `identity` goes into bits 31:28. */
  private exitWithOperand(reason: Reason, identity = 0): true {
    const cause = this.byInstruction(reason);
    const { info, displacement } = currentOperand(this.cpu);
    cause.qualify(displacement);
    cause.info = (info | (identity << 28)) >>> 0;
    return vmExit(this.core);
  }

  /** An exit by an event between instructions. */
  private exitBetween(reason: Reason, interruption = 0): true {
    const cause = this.core.cause.begin(reason);
    cause.between = true;
    cause.interruption = interruption;
    return vmExit(this.core);
  }

  private primary(mask: number): boolean {
    return (this.core.controls.primary & mask) !== 0;
  }

  // --- instructions (26.1.2, 26.1.3) ---------------------------------------------------

  instruction(name: keyof typeof INSTRUCTION_EXITS): boolean {
    const { core, cpu } = this;
    if (!core.active) return false;
    const row = INSTRUCTION_EXITS[name];
    if (!row) return false;
    if (this.isDisabled(name)) {
      const instruction = name.toUpperCase();
      cpu.raise(Vector.UD, undefined, `${instruction}: the VMM has left "enable ${instruction}" 0.`);
      return true;
    }
    if (row.word !== 'always' && !(core.controls[row.word] & row.mask)) return false;
    return name === 'invpcid' ? this.exitWithOperand(row.reason) : this.exit(row.reason);
  }

  /** Some instructions do not exist for a guest unless the VMM says so (26.3). */
  private isDisabled(name: string): boolean {
    const { secondary } = this.core.controls;
    if (name === 'rdtscp') return !(secondary & Secondary.ENABLE_RDTSCP);
    return name === 'invpcid' && !(secondary & Secondary.ENABLE_INVPCID);
  }

  invlpg(linear: bigint): boolean {
    if (!this.core.active || !this.primary(Primary.INVLPG_EXITING)) return false;
    this.byInstruction(Reason.INVLPG).qualify(linear);
    return vmExit(this.core);
  }

  // --- I/O (26.1.3, 25.6.4) --------------------------------------------------------------

  io(
    port: number,
    size: 1 | 2 | 4,
    input: boolean,
    string?: { rep: boolean; linear: bigint },
    immediate?: boolean,
  ): boolean {
    if (!this.core.active || !this.portExits(port, size)) return false;
    const q =
      (size - 1) |
      (input ? 8 : 0) |
      (string ? 16 : 0) |
      (string?.rep ? 32 : 0) |
      (immediate ? 64 : 0) |
      (port << 16);
    const cause = this.byInstruction(Reason.IO, q >>> 0);
    if (string) {
      cause.info = currentOperand(this.cpu).info;
      cause.setLinear(string.linear);
    }
    return vmExit(this.core);
  }

  private portExits(port: number, size: number): boolean {
    if (!this.primary(Primary.USE_IO_BITMAPS)) return this.primary(Primary.UNCONDITIONAL_IO_EXITING);
    // An access that wraps around the 16-bit port space always exits.
    if (port + size > 0x10000) return true;
    const { vmcs } = this.core;
    const memory = this.cpu.mmu.physical;
    for (let p = port; p < port + size; p++) {
      const bitmap = vmcs.number(p & 0x8000 ? F.IO_BITMAP_B : F.IO_BITMAP_A);
      if ((memory.read8(bitmap + ((p & 0x7fff) >>> 3)) >>> (p & 7)) & 1) return true;
    }
    return false;
  }

  // --- MSRs (25.6.9) ------------------------------------------------------------------------

  readMsr(index: number): boolean {
    return this.core.active && this.msrExits(index, 0) && this.exit(Reason.RDMSR);
  }

  writeMsr(index: number): boolean {
    return this.core.active && this.msrExits(index, 2048) && this.exit(Reason.WRMSR);
  }

  /** `part`: byte offset of the read or the write bitmaps; low MSRs first, 0xC0000000 and up 1 KiB behind. */
  private msrExits(index: number, part: 0 | 2048): boolean {
    if (!this.primary(Primary.USE_MSR_BITMAPS)) return true;
    const low = index & 0x1fff;
    const high = (index & ~0x1fff) >>> 0;
    if (high !== 0 && high !== 0xc0000000) return true;
    const bitmap = this.core.vmcs.number(F.MSR_BITMAP) + part + (high ? 1024 : 0);
    return ((this.cpu.mmu.physical.read8(bitmap + (low >>> 3)) >>> (low & 7)) & 1) === 1;
  }

  // --- control and debug registers (26.1.3, 25.6.6–25.6.8) ------------------------------------

  private crExit(cr: number, type: number, gpr: number, more = 0, guestLinear?: bigint): true {
    const cause = this.byInstruction(Reason.CR_ACCESS, (cr | (type << 4) | (gpr << 8) | more) >>> 0);
    if (guestLinear !== undefined) cause.setLinear(guestLinear);
    return vmExit(this.core);
  }

  readCr(cr: number, gpr: number): boolean {
    if (!this.core.active) return false;
    const mask = cr === 3 ? Primary.CR3_STORE_EXITING : cr === 8 ? Primary.CR8_STORE_EXITING : 0;
    return this.primary(mask) && this.crExit(cr, MOV_FROM, gpr);
  }

  visibleCr(cr: 0 | 4, real: bigint): bigint {
    if (!this.core.active) return real;
    const { vmcs } = this.core;
    const mask = vmcs.get(cr === 0 ? F.CR0_MASK : F.CR4_MASK);
    if (mask === 0n) return real;
    return (vmcs.get(cr === 0 ? F.CR0_SHADOW : F.CR4_SHADOW) & mask) | (real & ~mask);
  }

  writeCr(
    cr: number,
    value: bigint,
    how: { kind: 'mov'; gpr: number } | { kind: 'clts' } | { kind: 'lmsw'; linear?: bigint },
  ): boolean {
    if (!this.core.active) return false;
    const { vmcs } = this.core;
    if (how.kind === 'clts') {
      const owned = vmcs.low(F.CR0_MASK) & vmcs.low(F.CR0_SHADOW) & Cr0.TS;
      return owned !== 0 && this.crExit(0, CLTS, 0);
    }
    if (how.kind === 'lmsw') return this.lmsw(Number(value & 0xffffn), how.linear);
    switch (cr) {
      case 0:
      case 4: {
        const mask = vmcs.get(cr === 0 ? F.CR0_MASK : F.CR4_MASK);
        const shadow = vmcs.get(cr === 0 ? F.CR0_SHADOW : F.CR4_SHADOW);
        return ((value ^ shadow) & mask) !== 0n && this.crExit(cr, MOV_TO, how.gpr);
      }
      case 3:
        return (
          this.primary(Primary.CR3_LOAD_EXITING) &&
          !this.isCr3Target(value) &&
          this.crExit(3, MOV_TO, how.gpr)
        );
      case 8:
        return this.primary(Primary.CR8_LOAD_EXITING) && this.crExit(8, MOV_TO, how.gpr);
      default:
        return false;
    }
  }

  /** LMSW exits when it would change a masked bit as the guest sees it; it can set PE but never clear it. */
  private lmsw(source: number, linear: bigint | undefined): boolean {
    const { vmcs } = this.core;
    const mask = vmcs.low(F.CR0_MASK);
    const shadow = vmcs.low(F.CR0_SHADOW);
    const changes = (source ^ shadow) & mask & 0xe;
    const sets = source & ~shadow & mask & Cr0.PE;
    if (!changes && !sets) return false;
    const memory = linear === undefined ? 0 : 1 << 6;
    return this.crExit(0, LMSW, 0, memory | (source << 16), linear);
  }

  private isCr3Target(value: bigint): boolean {
    const { vmcs } = this.core;
    const count = vmcs.low(F.CR3_TARGET_COUNT);
    for (let i = 0; i < count; i++) if (vmcs.get(F.CR3_TARGET_0 + i * 2) === value) return true;
    return false;
  }

  loaded(cr: 0 | 4, value: bigint, real: bigint): bigint {
    if (!this.core.active) return value;
    const mask = this.core.vmcs.get(cr === 0 ? F.CR0_MASK : F.CR4_MASK);
    return (value & ~mask) | (real & mask);
  }

  accessDr(dr: number, write: boolean, gpr: number): boolean {
    if (!this.core.active || !this.primary(Primary.MOV_DR_EXITING)) return false;
    return this.exit(Reason.DR_ACCESS, dr | (write ? 0 : 16) | (gpr << 8));
  }

  descriptorTable(instruction: string, _linear: bigint): boolean {
    const { core } = this;
    if (!core.active || !(core.controls.secondary & Secondary.DESCRIPTOR_TABLE_EXITING)) return false;
    const row = DESCRIPTOR_IDENTITY[instruction.toLowerCase()];
    return row !== undefined && this.exitWithOperand(row.reason, row.identity);
  }

  // --- exceptions (26.2, 28.2.2) -----------------------------------------------------------------

  exception(
    vector: number,
    errorCode: number | undefined,
    kind: 'hardware' | 'software' | 'privileged-software',
    payload: bigint | undefined,
  ): boolean {
    const { core, cpu } = this;
    if (!core.active || !this.exceptionExits(vector, errorCode)) return false;
    const type =
      kind === 'hardware'
        ? EventType.HARDWARE
        : kind === 'software'
          ? EventType.SOFTWARE_EXCEPTION
          : EventType.PRIVILEGED_SOFTWARE;
    const hasError = errorCode !== undefined;
    const cause = core.cause.begin(Reason.EXCEPTION_OR_NMI);
    if (payload !== undefined) cause.qualify(payload);
    if (kind !== 'hardware') cause.length = cpu.instructionLength;
    cause.interruption = (vector | (type << 8) | (hasError ? 0x800 : 0) | VALID) >>> 0;
    if (hasError) cause.errorCode = errorCode;
    const fault = kind === 'hardware' && vector !== Vector.DB && vector !== Vector.DF;
    cause.resume = fault ? Resume.SET : Resume.CLEAR;
    return vmExit(core);
  }

  private exceptionExits(vector: number, errorCode: number | undefined): boolean {
    const { vmcs } = this.core;
    const bit = (vmcs.low(F.EXCEPTION_BITMAP) >>> vector) & 1;
    if (vector !== Vector.PF) return bit === 1;
    const matches =
      ((errorCode ?? 0) & vmcs.low(F.PF_ERROR_CODE_MASK)) >>> 0 === vmcs.low(F.PF_ERROR_CODE_MATCH);
    return matches === (bit === 1);
  }

  tripleFault(): boolean {
    if (!this.core.active) return false;
    this.core.cause.begin(Reason.TRIPLE_FAULT).notDuringDelivery = true;
    return vmExit(this.core);
  }

  taskSwitch(selector: number, source: 'call' | 'iret' | 'jmp' | 'gate'): boolean {
    if (!this.core.active) return false;
    const kind = ['call', 'iret', 'jmp', 'gate'].indexOf(source);
    return this.exit(Reason.TASK_SWITCH, (selector | (kind << 30)) >>> 0);
  }

  // --- EPT (28.2.1) ---------------------------------------------------------------------------------

  ept(fault: EptFault, linearValid: boolean, linear: bigint): boolean {
    const { core } = this;
    if (!core.active) return false;
    const violation = fault.kind === 'violation';
    const cause = core.cause.begin(violation ? Reason.EPT_VIOLATION : Reason.EPT_MISCONFIGURATION);
    if (violation) {
      cause.qualification = Number(fault.qualification);
      if (linearValid) cause.qualification |= fault.duringWalk ? TABLE_ACCESS : PAGE_ACCESS;
    }
    cause.setLinear(linear);
    cause.hasLinear = linearValid;
    cause.setPhysical(fault.guestPhysical);
    cause.explanation = fault.explanation;
    return this.eptExit();
  }

  eptViolation(
    qualification: number,
    guestPhysical: number,
    low: number,
    high: number,
    explanation: () => string,
  ): boolean {
    const { core } = this;
    if (!core.active) return false;
    const cause = core.cause.begin(Reason.EPT_VIOLATION, qualification | PAGE_ACCESS);
    cause.hasLinear = cause.hasPhysical = true;
    cause.linear = low >>> 0;
    cause.linearHigh = high >>> 0;
    cause.physical = guestPhysical;
    cause.physicalHigh = 0;
    cause.explanation = explanation;
    return this.eptExit();
  }

  /** Length and RF of an exit whose cause is otherwise complete. */
  private eptExit(): true {
    const { core, cpu } = this;
    const { cause } = core;
    const s = cpu.state;
    const rip = s.low(Slot.RIP) + s.low(CS_BASE);
    const carry = rip > 0xffffffff ? 1 : 0;
    const fetch =
      rip >>> 0 === cause.linear && (s.high(Slot.RIP) + s.high(CS_BASE) + carry) >>> 0 === cause.linearHigh;
    // Undefined by the manual; a fetch has no instruction yet.
    if (!fetch) cause.length = cpu.instructionLength;
    cause.resume = cpu.delivering < 0 ? Resume.SET : Resume.CLEAR;
    return vmExit(core);
  }

  // --- time and events between instructions (26.2, 26.3, 26.5.1) -------------------------------------

  tscOffset(): bigint {
    return this.core.active && this.primary(Primary.TSC_OFFSETTING) ? this.core.vmcs.get(F.TSC_OFFSET) : 0n;
  }

  betweenInstructions(interruptPending: boolean): boolean {
    const { core, cpu } = this;
    if (!core.active) return false;
    const s = cpu.state;
    const activity = s.low(Slot.ACTIVITY);
    if (activity !== Activity.WAIT_FOR_SIPI && preemptionTimerExpired(core))
      return this.exitBetween(Reason.PREEMPTION_TIMER);
    if (activity > Activity.HLT) return false;
    const blocked = s.number(Slot.SHADOW_STI) === cpu.icount || s.number(Slot.SHADOW_SS) === cpu.icount;
    if (this.primary(Primary.NMI_WINDOW_EXITING) && !blocked && !s.low(Slot.NMI_BLOCKED))
      return this.exitBetween(Reason.NMI_WINDOW);
    if (blocked) return false;
    if (this.primary(Primary.INTERRUPT_WINDOW_EXITING) && cpu.flag(Flag.IF))
      return this.exitBetween(Reason.INTERRUPT_WINDOW);
    if (interruptPending && core.controls.pin & Pin.EXTERNAL_INTERRUPT_EXITING)
      return this.externalInterrupt();
    return false;
  }

  /** For a window, the preemption timer, or at the end of a shadow. */
  needsBoundaries(): boolean {
    const { core, cpu } = this;
    const s = cpu.state;
    return (
      this.primary(Primary.NMI_WINDOW_EXITING | Primary.INTERRUPT_WINDOW_EXITING) ||
      (core.controls.pin & Pin.PREEMPTION_TIMER) !== 0 ||
      s.number(Slot.SHADOW_STI) === cpu.icount ||
      s.number(Slot.SHADOW_SS) === cpu.icount
    );
  }

  /** "Acknowledge interrupt on exit" runs the interrupt's acknowledge cycle and reports the vector. */
  private externalInterrupt(): true {
    const { core, cpu } = this;
    const interruption =
      core.controls.exit & Exit.ACKNOWLEDGE_INTERRUPT
        ? (cpu.interrupts.acknowledge() | (EventType.EXTERNAL << 8) | VALID) >>> 0
        : 0;
    return this.exitBetween(Reason.EXTERNAL_INTERRUPT, interruption);
  }

  /** A non-maskable interrupt has arrived: exits if "NMI exiting" says so. The caller has seen that it is not blocked. */
  nmi(): boolean {
    const { core } = this;
    if (!core.active || !(core.controls.pin & Pin.NMI_EXITING)) return false;
    return this.exitBetween(Reason.EXCEPTION_OR_NMI, (Vector.NMI | (EventType.NMI << 8) | VALID) >>> 0);
  }
}
