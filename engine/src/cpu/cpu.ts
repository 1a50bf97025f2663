import type { PortSpace } from '../devices/ports';
import { Mode } from '../ir/block';
import type { Mmu } from '../memory/mmu';
import type { EptContext } from '../memory/walk-types';
import type { ContextId, ExceptionRecord, StopReason } from '../records';
import { type Intercepts, NO_INTERCEPTS } from './intercepts';
import { Access, type CpuState, Cr0, Cr4, Efer, Flag, Seg, SegField, Slot } from './state';

/** Why the current instruction must be abandoned. Checked after everything that can fault. */
export const enum Abort {
  NONE = 0,
  /** `faultVector`, `faultErrorCode`: an exception to deliver; RIP still at the instruction. */
  FAULT = 1,
  /** A VM exit (or entry) has replaced the state; go on with the new one. */
  EXIT = 2,
  /** `stop` says why the machine must stop. */
  STOP = 3,
}

/** Exception vectors (SDM 3A Table 6-1). */
export const enum Vector {
  DE = 0,
  DB = 1,
  NMI = 2,
  BP = 3,
  OF = 4,
  BR = 5,
  UD = 6,
  NM = 7,
  DF = 8,
  TS = 10,
  NP = 11,
  SS = 12,
  GP = 13,
  PF = 14,
  MF = 16,
  AC = 17,
  MC = 18,
  /** SIMD floating-point. */
  XM = 19,
}

/** Why a check failed, or how to find out: faults are many, and only debuggers ask. */
export type Explanation = string | (() => string) | undefined;

/** The explanation's text. */
export function explain(explanation: Explanation): string | undefined {
  return typeof explanation === 'function' ? explanation() : explanation;
}

/** Who wants to know what happens. All of it is called synchronously; `cpu.requestStop` may be used inside. */
export interface Observer {
  /** A VM transition has happened: the last one in the log. */
  transition?(): void;
  exception?(record: ExceptionRecord): void;
}

/** The interrupt controller as the processor sees its INTR pin (SDM 3A 6.3.1). */
export interface InterruptSource {
  pending(): boolean;
  /** INTA: gives the vector and marks it in service. */
  acknowledge(): number;
}

/**
 * One logical processor: the register file and the wires to everything else.
 * What instructions do is in `lift/` (common ones, as IR) and in functions of
 * this folder and `virtualization/` (rare ones, called as helpers); they all
 * take a Cpu. Nothing here throws because of a guest.
 */
export class Cpu {
  abort: Abort = Abort.NONE;
  faultVector = 0;
  /** Undefined for exceptions without one. */
  faultErrorCode: number | undefined;
  /**
   * Of a #PF: the faulting linear address (delivery moves it to CR2, a VM exit to the qualification, SDM 3C
   * 28.2.1). Of a #DB: the DR6 bits that delivery sets.
   */
  faultPayload = 0n;
  /** Of {@link faultExplanation}. */
  private explanation: Explanation;
  stop: StopReason | undefined;

  /** Instructions begun so far; mirrors Slot.ICOUNT, which is written when the evaluator leaves. */
  icount = 0;
  /** The evaluator leaves before the instruction that would make icount exceed this. */
  deadline = 0;
  /** Bytes of the instruction being executed (helpers that exit report it). */
  instructionLength = 0;

  intercepts: Intercepts = NO_INTERCEPTS;
  interrupts: InterruptSource = { pending: () => false, acknowledge: () => 0 };
  observer: Observer = {};
  /** FERR#: an x87 exception is pending and CR0.NE says that the platform is to report it (SDM 1 8.7.2). */
  ferr: () => void = () => {};
  /** IA32_APIC_BASE has been written. */
  apicBaseChanged: () => void = () => {};
  /** Set for the delivery of an exception by `interrupts.ts`: vector being delivered, for double faults and the VMCS's IDT-vectoring fields; −1 otherwise. */
  delivering = -1;
  /**
   * While `delivering` ≥ 0: the event's type as in the VMCS's IDT-vectoring field (SDM 3C 25.9.3: 0 external
   * interrupt, 2 NMI, 3 hardware exception, 4 software interrupt, 5 privileged software exception, 6 software
   * exception) and its error code. `interrupts.ts` sets them together with `delivering`.
   */
  deliveringKind = 3;
  deliveringErrorCode: number | undefined;
  /** Instruction count at which the last event reached its handler: INT n with TF set is not followed by a trap. */
  deliveredAt = -1;

  /** CR0 and CR4 bits that VMX operation demands to be 1 (SDM 3C 24.8); set on VMXON, VM entry and VM exit. */
  cr0Required = 0;
  cr4Required = 0;

  /** Set while guest-physical addresses are walked through EPT (VMX non-root with EPT enabled). */
  ept: EptContext | undefined;
  /** The address space's virtual-processor identifier; 0 in root operation and without "enable VPID" (SDM 3C 29.1). */
  vpid = 0;

  /** Byte offset, in the WebAssembly.Memory, of the VMCS that generated code may read and write at CPL 0; 0: none. */
  vmcsAddress = 0;

  /** Privilege level, derived from SS.DPL by {@link modeChanged}. */
  cpl = 0;
  /** {@link Mode} bits, derived. */
  mode = 0;

  constructor(
    readonly state: CpuState,
    readonly mmu: Mmu<Cpu>,
    readonly ports: PortSpace,
  ) {}

  // --- faults as values -------------------------------------------------

  /** Ends the current instruction with an exception; `payload` as in {@link faultPayload}. */
  raise(vector: Vector, errorCode?: number, explanation?: Explanation, payload?: bigint): void {
    this.abort = Abort.FAULT;
    this.faultVector = vector;
    this.faultErrorCode = errorCode;
    this.explanation = explanation;
    if (payload !== undefined) this.faultPayload = payload;
    else if (vector !== Vector.PF) this.faultPayload = 0n;
  }

  /** One sentence on the failed check, for the debugger. */
  get faultExplanation(): string | undefined {
    return explain(this.explanation);
  }

  /** The same as it was given, for whoever keeps it. */
  get faultReason(): Explanation {
    return this.explanation;
  }

  /** Stops the machine; state stays as it is. */
  requestStop(reason: StopReason): void {
    this.abort = Abort.STOP;
    this.stop = reason;
  }

  /** Makes the evaluator come back to the machine's loop before the next instruction: an interrupt, a timer or a mode may have changed. */
  attention(): void {
    this.deadline = Math.min(this.deadline, this.icount);
  }

  // --- derived state ------------------------------------------------------

  /** Recomputes everything derived from segments, control registers and EFER. Call after changing any of them. */
  modeChanged(): void {
    this.derive();
    this.mmu.modeChanged(this);
  }

  /** The same when only segments and RFLAGS.AC are new: events, returns, calls. */
  segmentsChanged(): void {
    this.derive();
    this.mmu.privilegeChanged(this);
  }

  /**
   * RFLAGS has been loaded, from `old`: makes the evaluator come back to the machine's loop if something that waited
   * may happen now. In non-root operation that may also be an exit for a window.
   */
  flagsLoaded(old: number): void {
    const now = this.state.low(Slot.RFLAGS);
    if ((now & ~old & Flag.IF) !== 0 || (now & Flag.TF) !== 0 || this.nonRoot) this.attention();
  }

  private derive(): void {
    const s = this.state;
    const cr0 = s.low(Slot.CR0);
    const cs = s.access(Seg.CS);
    const ss = s.access(Seg.SS);
    const long = (s.low(Slot.EFER) & Efer.LMA) !== 0;
    const real = (cr0 & Cr0.PE) === 0;
    let mode = 0;
    if (real) {
      mode = Mode.REAL;
      this.cpl = 0;
      if (cs & Access.DB) mode |= Mode.CODE32;
      if (ss & Access.DB) mode |= Mode.STACK32;
    } else {
      this.cpl = (ss >> Access.DPL_SHIFT) & 3;
      if (long) mode |= Mode.LONG;
      if (long && cs & Access.L) mode |= Mode.CODE64 | Mode.STACK32 | Mode.FLAT;
      else {
        if (cs & Access.DB) mode |= Mode.CODE32;
        if (ss & Access.DB) mode |= Mode.STACK32;
        if (this.flat()) mode |= Mode.FLAT;
      }
    }
    if (s.low(Slot.CR4) & Cr4.OSFXSR && !(cr0 & (Cr0.EM | Cr0.TS))) mode |= Mode.SSE;
    this.mode = mode;
  }

  /** ES, CS, SS, DS all span 4 GiB from 0 and allow what flat code does with them. */
  private flat(): boolean {
    const s = this.state;
    for (let seg = Seg.ES; seg <= Seg.DS; seg++) {
      const access = s.access(seg);
      const base = Slot.SEGMENTS + seg * 4 + SegField.BASE;
      if ((s.low(base) | s.high(base)) !== 0 || s.segmentLimit(seg) !== 0xffffffff) return false;
      if (access & Access.UNUSABLE || !(access & Access.P)) return false;
      // Data segments writable and expand-up; code readable (CS itself is only read through).
      if (access & 8 ? !(access & 2) : (access & 6) !== 2) return false;
      // A write through a code segment faults, so only CS may be one.
      if (access & 8 && seg !== Seg.CS) return false;
    }
    return true;
  }

  get realMode(): boolean {
    return (this.mode & Mode.REAL) !== 0;
  }

  get longMode(): boolean {
    return (this.mode & Mode.LONG) !== 0;
  }

  get code64(): boolean {
    return (this.mode & Mode.CODE64) !== 0;
  }

  /** VMX non-root operation. */
  get nonRoot(): boolean {
    return this.state.low(Slot.VMX_MODE) === 2;
  }

  get iopl(): number {
    return (this.state.low(Slot.RFLAGS) >> 12) & 3;
  }

  flag(mask: Flag): boolean {
    return (this.state.low(Slot.RFLAGS) & mask) !== 0;
  }

  /** Instruction clock in ticks: instructions plus time slept in HLT. */
  get clock(): number {
    return this.icount + this.state.number(Slot.IDLE);
  }

  /** Time-stamp counter before any guest offset. */
  get tsc(): bigint {
    return BigInt.asUintN(64, BigInt(this.clock) + this.state.u64[Slot.TSC_OFFSET]);
  }

  /** The context that runs now. */
  get context(): ContextId {
    return this.nonRoot ? `vmcs:${this.state.u64[Slot.VMCS_POINTER].toString(16)}` : 'host';
  }

  /** True when CR4 has all of `bits`. */
  cr4(bits: Cr4): boolean {
    return (this.state.low(Slot.CR4) & bits) === bits;
  }
}
