/** Facts the machine reports to whoever watches it: VM transitions, exceptions, and why it stopped. */

/**
 * What runs: `host` is root mode (or the only mode when VMX is off); a guest is
 * known by its VMCS pointer. Contexts are the debugger's threads.
 */
export type ContextId = 'host' | `vmcs:${string}`;

/** One VM entry, failed VM entry or VM exit. */
export interface ExitRecord {
  kind: 'entry' | 'exit' | 'entry-failure';
  from: ContextId;
  to: ContextId;
  /** Basic exit reason (SDM 3C Appendix C); −1 for entries. */
  reason: number;
  /** `CPUID`, `EPT violation`, `VMCALL` …; `VM entry` for entries. */
  reasonName: string;
  qualification: bigint;
  /** Decoded qualification in words, e.g. `OUT 0x3f8, 1 byte` or `write, not present`. */
  detail: string;
  instructionLength: number;
  guestLinear?: bigint;
  guestPhysical?: bigint;
  /** VM-exit / VM-entry interruption information, when valid. */
  interruption?: number;
  /** Guest RIP at the transition. */
  guestRip: bigint;
  /** Instruction count. */
  count: number;
  /** For failed entries: which check, naming the VMCS field and the manual's section. */
  failure?: string;
}

/** An exception or interrupt about to be delivered through the IDT (or intercepted). */
export interface ExceptionRecord {
  context: ContextId;
  vector: number;
  errorCode?: number;
  kind: 'fault' | 'trap' | 'abort' | 'external' | 'nmi' | 'software';
  /** Address of the instruction. */
  rip: bigint;
  /** CR2 for page faults. */
  address?: bigint;
  count: number;
  /** One sentence saying which check failed, where the processor knows. */
  explanation?: string;
}

/** Why `Machine.run` returned. */
export type StopReason =
  | { kind: 'limit' }
  | { kind: 'breakpoint'; rip: bigint; context: ContextId }
  /** The instruction at `rip`, which is complete, accessed watched bytes. */
  | { kind: 'data breakpoint'; rip: bigint; context: ContextId }
  | { kind: 'exception'; record: ExceptionRecord }
  | { kind: 'transition'; record: ExitRecord }
  /** Halted with interrupts off or nothing left that could wake it. */
  | { kind: 'halted'; explanation: string }
  /** Root-mode triple fault: `chain` has the faults that led there, first one first. */
  | { kind: 'triple-fault'; chain: ExceptionRecord[]; explanation: string }
  /** The guest wrote the exit port; `code` is already (value << 1) | 1 as QEMU's isa-debug-exit gives it. */
  | { kind: 'exit'; code: number }
  /** Something this machine does not implement; says what and where. */
  | { kind: 'unsupported'; explanation: string };
