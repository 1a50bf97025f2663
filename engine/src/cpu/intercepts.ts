/**
 * What the rest of the processor asks before it does something a hypervisor may
 * want to see. In root mode (or with VMX off) every answer is "no". Each
 * question returns true when a VM exit has happened: the state is then already
 * the host's, `cpu.abort` is `Abort.EXIT` and the caller just returns.
 */
export interface Intercepts {
  /** Instructions whose exit has no details. */
  instruction(
    name:
      | 'cpuid'
      | 'hlt'
      | 'invd'
      | 'wbinvd'
      | 'rdtsc'
      | 'rdtscp'
      | 'rdpmc'
      | 'pause'
      | 'monitor'
      | 'mwait'
      | 'xsetbv'
      | 'invpcid'
      | 'rsm'
      | 'getsec',
  ): boolean;
  invlpg(linear: bigint): boolean;
  /** Before the access; `linear` of the memory operand for INS/OUTS. */
  io(
    port: number,
    size: 1 | 2 | 4,
    input: boolean,
    string?: { rep: boolean; linear: bigint; immediate?: boolean },
    immediate?: boolean,
  ): boolean;
  readMsr(index: number): boolean;
  writeMsr(index: number): boolean;
  /** MOV from CR3/CR8. */
  readCr(cr: number, gpr: number): boolean;
  /** CR0/CR4 as the guest sees them: guest/host mask and read shadow (SDM 3C 25.6.6). */
  visibleCr(cr: 0 | 4, real: bigint): bigint;
  /**
   * MOV to CR, CLTS, LMSW. Answers true on exit; otherwise the value to load
   * into the real register is `loaded`(cr, value): masked bits keep their real value.
   */
  writeCr(
    cr: number,
    value: bigint,
    how: { kind: 'mov'; gpr: number } | { kind: 'clts' } | { kind: 'lmsw'; linear?: bigint },
  ): boolean;
  loaded(cr: 0 | 4, value: bigint, real: bigint): bigint;
  accessDr(dr: number, write: boolean, gpr: number): boolean;
  /** LGDT … STR, for "descriptor-table exiting". */
  descriptorTable(instruction: string, linear: bigint): boolean;
  /** Exception bitmap and #PF error-code mask; asked before delivery, also for double faults. */
  exception(
    vector: number,
    errorCode: number | undefined,
    kind: 'hardware' | 'software' | 'privileged-software',
    cr2: bigint | undefined,
  ): boolean;
  /** Asked instead of shutting down. */
  tripleFault(): boolean;
  taskSwitch(selector: number, source: 'call' | 'iret' | 'jmp' | 'gate'): boolean;
  /** An EPT fault of the current access. `linearValid`: there is a linear address; `linear` it; `finalPage`: the access was to the page itself, not a table. */
  ept(fault: import('../memory/walk-types').EptFault, linearValid: boolean, linear: bigint): boolean;
  /** The same for a violation by the access to the page itself, with the qualification's bits 5:0; addresses are numbers or halves. */
  eptViolation(
    qualification: number,
    guestPhysical: number,
    low: number,
    high: number,
    explanation: () => string,
  ): boolean;
  /** Added to the time-stamp counter that the guest reads. */
  tscOffset(): bigint;
  /**
   * Between instructions: events that belong to virtualization (interrupt
   * window, preemption timer, external-interrupt exiting, NMI …). True on exit.
   * `interruptPending`: the interrupt controller has one to deliver.
   */
  betweenInstructions(interruptPending: boolean): boolean;
  /** After a VM entry: whether {@link betweenInstructions} may have an answer that no pending interrupt announces. */
  needsBoundaries(): boolean;
}

/** The answers of a processor that virtualizes nothing. */
export const NO_INTERCEPTS: Intercepts = {
  instruction: () => false,
  invlpg: () => false,
  io: () => false,
  readMsr: () => false,
  writeMsr: () => false,
  readCr: () => false,
  visibleCr: (_cr, real) => real,
  writeCr: () => false,
  loaded: (_cr, value) => value,
  accessDr: () => false,
  descriptorTable: () => false,
  exception: () => false,
  tripleFault: () => false,
  taskSwitch: () => false,
  ept: () => false,
  eptViolation: () => false,
  tscOffset: () => 0n,
  betweenInstructions: () => false,
  needsBoundaries: () => false,
};
