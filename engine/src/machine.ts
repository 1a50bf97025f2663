import { Abort, Cpu, type Observer } from './cpu/cpu';
import { deliverException, deliverInterrupt } from './cpu/interrupts';
import { pagingContext } from './cpu/paging-context';
import { enterMultiboot, resetCpu } from './cpu/reset';
import { ApicBase, CpuState, Flag, Seg, Slot } from './cpu/state';
import { EventQueue } from './devices/clock';
import { Cmos } from './devices/cmos';
import { DebugConsole } from './devices/debug-console';
import { ExitPort } from './devices/exit-port';
import { KeyboardController } from './devices/keyboard-controller';
import { LOCAL_APIC_BASE, LOCAL_APIC_BYTES, LocalApic } from './devices/local-apic';
import { Pic8259 } from './devices/pic8259';
import { Pit8254 } from './devices/pit8254';
import { PortSpace } from './devices/ports';
import { SystemPorts } from './devices/system-ports';
import { Uart16550 } from './devices/uart16550';
import { Breakpoints } from './execution/breakpoints';
import { CodeCache } from './execution/code-cache';
import { DataBreakpoints } from './execution/data-breakpoints';
import { Evaluator } from './execution/evaluator';
import { HardwareBreakpoints } from './execution/hardware-breakpoints';
import { FastTier, type Tier, type TierTuning } from './execution/tiers';
import { Translator } from './execution/translator';
import { setRegister } from './inspect/edit';
import { hashState } from './inspect/hash';
import { pieces, tracedWalk } from './inspect/memory';
import { currentRegisters, type RegisterSnapshot } from './inspect/registers';
import { pointerOf, savedRegisters } from './inspect/saved-registers';
import { loadMultiboot } from './loader/multiboot';
import { PhysicalMemory } from './memory/physical';
import { SoftMmu } from './memory/soft-mmu';
import { TLB_BYTES } from './memory/tlb';
import type { PagingContext, WalkAccess } from './memory/walk-types';
import type { ContextId, ExceptionRecord, ExitRecord, StopReason } from './records';
import type { ExitLog } from './virtualization/exit-log';
import { installVmx, type Vmx } from './virtualization/vmx';
import { CODE_AREA, CODE_AREA_BYTES } from './wasm/layout';

/** What a machine is made of. The run is a pure function of this, the image and the inputs. */
export interface MachineConfig {
  /** Guest RAM in MiB, 1 … 3072; 64 unless given. */
  memoryMiB?: number;
  /** How code is executed; all tiers give the same run. `regions`, the fastest, unless given. */
  tier?: Tier;
  tuning?: TierTuning;
}

/** Byte offsets in the machine's WebAssembly.Memory; wasm/layout.ts has what lies between. */
const REGISTER_FILE = 0;
const TLB = CODE_AREA + CODE_AREA_BYTES;
const RAM = TLB + TLB_BYTES;

const WASM_PAGE = 0x10000;
const MIB = 0x100000;

/** After this many jumps of the clock in one `run`, a halted machine gives its caller a turn. */
const MAX_IDLE_JUMPS = 1000;

/** A whole PC: one processor, memory, devices and their clock. */
export class Machine {
  readonly memory: WebAssembly.Memory;
  readonly physical: PhysicalMemory;
  readonly mmu: SoftMmu;
  readonly cpu: Cpu;
  readonly vmx: Vmx;
  readonly ports = new PortSpace();
  readonly events: EventQueue;
  readonly breakpoints: Breakpoints;
  readonly dataBreakpoints: DataBreakpoints;
  /** The last VM transitions. */
  readonly exitLog: ExitLog;
  readonly serial: Uart16550;
  readonly debugConsole: DebugConsole;
  /** Watchers; a true answer stops the machine: before a fault is delivered, after anything else. */
  readonly observe: {
    transition?: (record: ExitRecord) => boolean;
    exception?: (record: ExceptionRecord) => boolean;
  } = {};

  /** Guests keep their number when the VMM clears another's VMCS. */
  private readonly guestNumbers = new Map<ContextId, number>();
  private readonly cache: CodeCache;
  private readonly hardwareBreakpoints: HardwareBreakpoints;
  private readonly evaluator: Evaluator;
  private readonly translator: Translator;
  /** Absent: everything is the evaluator's. */
  private readonly fast: FastTier | undefined;
  private readonly pic: Pic8259;
  private readonly localApic: LocalApic;
  private readonly pit: Pit8254;
  /** Breakpoints at this count have been reported; going on steps over them. */
  private passedBreaksAt = -1;
  /** A fault that was reported to the debugger and still has to be delivered, at this count. */
  private reportedFaultAt = -1;
  private stopWanted: StopReason | undefined;

  constructor(config: MachineConfig = {}) {
    const ramBytes = (config.memoryMiB ?? 64) * MIB;
    this.memory = new WebAssembly.Memory({ initial: (RAM + ramBytes) / WASM_PAGE });
    this.physical = new PhysicalMemory({ memory: this.memory, ramOffset: RAM, ramBytes });
    const state = new CpuState(this.memory.buffer, REGISTER_FILE);
    this.mmu = new SoftMmu({ memory: this.memory, tlbOffset: TLB, physical: this.physical });
    this.cpu = new Cpu(state, this.mmu, this.ports);
    const cpu = this.cpu;

    this.cache = new CodeCache(this.physical);
    this.physical.onCodeWrite = (page, offset, size) => {
      // The code being run may be the code just written.
      if (this.cache.write(page, offset, size)) cpu.attention();
    };
    this.breakpoints = new Breakpoints((offset) => {
      this.cache.dropOffset(offset);
      this.fast?.allowCold(!this.breakpoints.any);
    });
    this.dataBreakpoints = new DataBreakpoints(cpu, (any) =>
      this.mmu.watch(any ? this.dataBreakpoints : undefined),
    );
    this.hardwareBreakpoints = new HardwareBreakpoints(cpu, this.breakpoints, this.dataBreakpoints);
    this.translator = new Translator(cpu, this.mmu, this.cache, this.breakpoints);
    this.evaluator = new Evaluator(cpu, this.mmu);
    this.evaluator.onBreak = (ripLow, ripHigh) => this.onBreak(ripLow, ripHigh);
    const tier = config.tier ?? 'regions';
    if (tier !== 'evaluator') {
      this.fast = new FastTier(
        cpu,
        this.mmu,
        this.cache,
        this.translator,
        this.evaluator,
        this.memory,
        tier === 'regions',
        config.tuning,
      );
    }

    this.events = new EventQueue(
      () => cpu.clock,
      () => cpu.attention(),
    );
    this.pic = new Pic8259({ onChange: () => cpu.attention() });
    this.localApic = this.attachLocalApic();
    cpu.interrupts = this.localApic;
    this.pit = new Pit8254(this.events, (level) => this.pic.setIrq(0, level));
    this.serial = new Uart16550({ setIrq: (level) => this.pic.setIrq(4, level) });
    this.debugConsole = new DebugConsole();
    this.pic.attach(this.ports);
    this.pit.attach(this.ports);
    this.serial.attach(this.ports);
    this.debugConsole.attach(this.ports);
    const reset = (): void =>
      cpu.requestStop({ kind: 'halted', explanation: 'The guest asked for a reset of the machine.' });
    new Cmos(this.events, ramBytes).attach(this.ports);
    new KeyboardController(reset).attach(this.ports);
    const setCoprocessorIrq = (level: boolean): void => this.pic.setIrq(13, level);
    cpu.ferr = () => setCoprocessorIrq(true);
    new SystemPorts(reset, setCoprocessorIrq).attach(this.ports);
    new ExitPort((code) => cpu.requestStop({ kind: 'exit', code })).attach(this.ports);

    this.vmx = installVmx(cpu, this.memory);
    this.exitLog = this.vmx.core.exits;
    cpu.observer = this.observer();
    resetCpu(cpu);
  }

  private attachLocalApic(): LocalApic {
    const { cpu, physical } = this;
    const apic = new LocalApic({
      clock: this.events,
      pic: this.pic,
      enabled: () => (cpu.state.low(Slot.APIC_BASE) & ApicBase.ENABLED) !== 0,
      taskClass: () => cpu.state.low(Slot.CR8),
      setTaskClass: (value) => cpu.state.setLow(Slot.CR8, value),
      onChange: () => cpu.attention(),
      unsupported: (explanation) => cpu.requestStop({ kind: 'unsupported', explanation }),
    });
    const move = physical.attachMmio(LOCAL_APIC_BASE, LOCAL_APIC_BYTES, apic);
    cpu.apicBaseChanged = () => {
      move(Number(cpu.state.u64[Slot.APIC_BASE] & ~0xfffn));
      cpu.attention();
    };
    return apic;
  }

  private observer(): Observer {
    const { observe } = this;
    const exception = (record: ExceptionRecord): void => {
      // Faults reported before delivery are not reported again.
      if (this.reportedFaultAt === this.cpu.icount || !observe.exception?.(record)) return;
      this.stopWanted ??= { kind: 'exception', record };
      this.cpu.attention();
    };
    return {
      transition: () => {
        if (!this.observe.transition) return;
        const record = this.exitLog.last!;
        if (!this.observe.transition(record)) return;
        this.stopWanted ??= { kind: 'transition', record };
        this.cpu.attention();
      },
      // Absent while nobody watches, so that no record is made.
      get exception() {
        return observe.exception && exception;
      },
    };
  }

  /** Puts a Multiboot 1 image into memory and the processor at its entry (Multiboot 0.6.96). */
  loadMultiboot(image: Uint8Array, options: { commandLine?: string } = {}): { error?: string } {
    const loaded = loadMultiboot(image, this.physical, { commandLine: options.commandLine ?? '' });
    if ('error' in loaded) return { error: loaded.error };
    enterMultiboot(this.cpu, loaded.entry, loaded.infoAddress);
    return {};
  }

  /** Regions compiled, dropped because their code changed, evicted, and alive. */
  get tierCounts(): { compiled: number; dropped: number; evicted: number; live: number } {
    return this.fast?.counts ?? { compiled: 0, dropped: 0, evicted: 0, live: 0 };
  }

  /** Instructions begun since power-on. */
  get count(): number {
    return this.cpu.icount;
  }

  /**
   * Runs until something stops it, at the latest before the instruction that
   * would make {@link count} exceed `limit`. Halted time passes without
   * instructions; a long sleep also returns `limit`, so that callers get turns.
   */
  run(options: { limit: number }): StopReason {
    const { cpu } = this;
    const s = cpu.state;
    let idleJumps = 0;
    for (;;) {
      const accessed = this.dataBreakpoints.ask();
      this.dataTrap();
      if (accessed && !this.stopWanted) {
        return this.leave({ kind: 'data breakpoint', rip: accessed.rip, context: accessed.context });
      }
      switch (cpu.abort) {
        case Abort.FAULT: {
          if (this.reportedFaultAt !== cpu.icount && this.observe.exception) {
            const record = this.faultRecord();
            const stop = this.observe.exception(record);
            this.reportedFaultAt = cpu.icount;
            // cpu.abort stays FAULT: the next run delivers it.
            if (stop) return this.leave({ kind: 'exception', record });
          }
          cpu.abort = Abort.NONE;
          deliverException(cpu);
          // Its pushes may have touched watched bytes: those are asked about before anything else runs.
          continue;
        }
        case Abort.EXIT:
          cpu.abort = Abort.NONE;
          break;
        case Abort.STOP:
          cpu.abort = Abort.NONE;
          return this.leave(cpu.stop!);
      }
      if (cpu.abort !== Abort.NONE) continue;
      if (this.stopWanted) {
        const stop = this.stopWanted;
        this.stopWanted = undefined;
        return this.leave(stop);
      }

      this.events.runDue(cpu.clock);
      const interruptPending = cpu.interrupts.pending();
      if (cpu.intercepts.betweenInstructions(interruptPending)) continue;
      if (interruptPending && this.interruptsOpen()) {
        s.setLow(Slot.ACTIVITY, 0);
        deliverInterrupt(cpu, cpu.interrupts.acknowledge(), 'external');
        continue;
      }
      if (s.low(Slot.ACTIVITY) !== 0) {
        const ended = this.sleep();
        if (ended) return this.leave(ended);
        if (++idleJumps >= MAX_IDLE_JUMPS) return this.leave({ kind: 'limit' });
        continue;
      }
      if (cpu.icount >= options.limit) return this.leave({ kind: 'limit' });

      const wake = this.nextWake();
      cpu.deadline = Math.min(options.limit, cpu.icount + Math.max(1, wake - cpu.clock));
      // An interrupt waits for a shadow to pass, or a trap comes after every instruction.
      // In a guest the boundary after STI's shadow may be an interrupt window.
      const shadow = cpu.nonRoot && s.number(Slot.SHADOW_STI) === cpu.icount;
      const trap = cpu.flag(Flag.TF);
      if (trap || (interruptPending && cpu.flag(Flag.IF)) || shadow) cpu.deadline = cpu.icount + 1;
      if (this.hardwareBreakpoints.waiting) cpu.deadline = cpu.icount + 1;
      this.hardwareBreakpoints.prepare();
      const before = cpu.icount;
      if (this.fast) this.fast.run();
      else {
        const block = this.translator.block();
        if (block) this.evaluator.run(block); // else the fetch faulted
      }
      if (cpu.abort !== Abort.NONE) this.dataBreakpoints.forget();
      if (trap && cpu.icount > before && cpu.abort === Abort.NONE) this.singleStepTrap();
    }
  }

  /** RFLAGS.TF was set when the instruction began: #DB with DR6.BS after it (SDM 3B 18.3.1.4). */
  private singleStepTrap(): void {
    const s = this.cpu.state;
    if (this.cpu.deliveredAt === this.cpu.icount) return; // INT n cleared TF (SDM 3B 18.3.1.4)
    if (s.number(Slot.SHADOW_SS) === this.cpu.icount) return; // MOV SS delays it by one instruction
    this.cpu.raise(1, undefined, 'RFLAGS.TF: single-step trap', 1n << 14n); // DR6.BS
  }

  /** Data that DR0 to DR3 name has been accessed: #DB after the instruction, the same as a single step's. */
  private dataTrap(): void {
    const { cpu } = this;
    const stepped = cpu.abort === Abort.FAULT && cpu.faultVector === 1;
    if (cpu.abort !== Abort.NONE && !stepped) return;
    const bits = BigInt(this.hardwareBreakpoints.takeTraps());
    if (bits === 0n) return;
    if (stepped) cpu.faultPayload |= bits;
    else cpu.raise(1, undefined, 'A data breakpoint in DR0 to DR3.', bits);
  }

  /** IF set and no STI or MOV SS shadow over the current boundary. */
  private interruptsOpen(): boolean {
    const { cpu } = this;
    const s = cpu.state;
    return (
      cpu.flag(Flag.IF) && s.number(Slot.SHADOW_STI) !== cpu.icount && s.number(Slot.SHADOW_SS) !== cpu.icount
    );
  }

  /** Clock value at which something may need the loop: a device or the VMX preemption timer. */
  private nextWake(): number {
    const device = this.events.nextDeadline();
    const { nonRoot, state } = this.cpu;
    if (!nonRoot || state.high(Slot.PREEMPTION_DEADLINE) === 0xffffffff) return device;
    return Math.min(device, state.number(Slot.PREEMPTION_DEADLINE));
  }

  /** Lets the halted processor's time pass up to the next event. Answers a stop when nothing can wake it. */
  private sleep(): StopReason | undefined {
    const { cpu } = this;
    const s = cpu.state;
    if (s.low(Slot.ACTIVITY) !== 1) {
      return { kind: 'halted', explanation: 'The processor is in the shutdown state.' };
    }
    if (!cpu.nonRoot && !cpu.flag(Flag.IF)) {
      return { kind: 'halted', explanation: 'HLT with RFLAGS.IF = 0: no interrupt can end it.' };
    }
    const wake = this.nextWake();
    if (wake === Number.POSITIVE_INFINITY) {
      return { kind: 'halted', explanation: 'HLT and no device has anything scheduled that could end it.' };
    }
    if (wake > cpu.clock) s.setNumber(Slot.IDLE, s.number(Slot.IDLE) + (wake - cpu.clock));
    return undefined;
  }

  private onBreak(ripLow: number, ripHigh: number): boolean {
    const { cpu } = this;
    const low = cpu.code64 ? ripLow : (ripLow + Number(cpu.state.segmentBase(Seg.CS))) >>> 0;
    const high = cpu.code64 ? ripHigh : 0;
    if (this.passedBreaksAt !== cpu.icount && this.breakpoints.hit(low, high, cpu.context)) {
      this.passedBreaksAt = cpu.icount;
      cpu.requestStop({ kind: 'breakpoint', rip: cpu.state.u64[Slot.RIP], context: cpu.context });
      return true;
    }
    return this.hardwareBreakpoints.fetch(low, high);
  }

  /** The pending fault as the debugger sees it before delivery. */
  private faultRecord(): ExceptionRecord {
    const { cpu } = this;
    return {
      context: cpu.context,
      vector: cpu.faultVector,
      errorCode: cpu.faultErrorCode,
      kind: 'fault',
      rip: cpu.state.u64[Slot.RIP],
      address: cpu.faultVector === 14 ? cpu.faultPayload : undefined,
      count: cpu.icount,
      explanation: cpu.faultExplanation,
    };
  }

  /** Writes back what the loop keeps outside the register file. */
  private leave(reason: StopReason): StopReason {
    this.cpu.state.setNumber(Slot.ICOUNT, this.cpu.icount);
    return reason;
  }

  // --- for the debugger -------------------------------------------------------

  /** Steps over the breakpoints at the current instruction when the machine goes on. */
  passBreakpoints(): void {
    this.passedBreaksAt = this.cpu.icount;
  }

  /** Root mode first, then the guests in the order in which their VMCSs were first loaded. */
  contexts(): { id: ContextId; name: string; current: boolean }[] {
    const current = this.cpu.context;
    for (const { id } of this.vmx.guestContexts()) {
      if (!this.guestNumbers.has(id)) this.guestNumbers.set(id, this.guestNumbers.size + 1);
    }
    const guests = [...this.guestNumbers];
    return [
      { id: 'host' as ContextId, name: guests.length > 0 ? 'VMM' : 'machine', current: current === 'host' },
      ...guests.map(([id, number]) => ({ id, name: `guest ${number}`, current: current === id })),
    ];
  }

  /** Registers of a context; of one that does not run, what its VMCS holds. */
  registersOf(context: ContextId): RegisterSnapshot {
    if (context === this.cpu.context) return currentRegisters(this.cpu);
    return savedRegisters(this.vmx, context);
  }

  /** Sets a register of the running context; answers what is wrong, or undefined. */
  setRegister(name: string, value: bigint): string | undefined {
    const error = setRegister(this.cpu, name, value);
    if (error === undefined) this.stateEdited();
    return error;
  }

  /** The debugger has changed the program's course: a reported fault is forgotten, the mode looked at anew. */
  private stateEdited(): void {
    if (this.cpu.abort === Abort.FAULT) this.cpu.abort = Abort.NONE;
    this.reportedFaultAt = -1;
    this.passedBreaksAt = -1;
    this.cpu.modeChanged();
  }

  /** The walk of a linear address with every entry read; a user access when the context runs in ring 3. */
  walk(linear: bigint, access: WalkAccess['kind'], context: ContextId = this.cpu.context) {
    const paging = this.pagingOf(context);
    const user = this.registersOf(context).cpl === 3;
    return { ...tracedWalk(this.physical, linear, { kind: access, user }, paging), paging };
  }

  /** Bytes at a linear address of a context; fewer where it is not mapped. */
  readLinear(linear: bigint, length: number, context: ContextId = this.cpu.context): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    for (const piece of pieces(this.physical, linear, length, this.pagingOf(context))) {
      bytes.set(this.physical.readBytes(piece.address, piece.length), done);
      done += piece.length;
    }
    return bytes.subarray(0, done);
  }

  /** Writes past all protection; answers how many bytes were mapped and written. */
  writeLinear(linear: bigint, bytes: Uint8Array, context: ContextId = this.cpu.context): number {
    let done = 0;
    for (const piece of pieces(this.physical, linear, bytes.length, this.pagingOf(context))) {
      this.physical.writeBytes(piece.address, bytes.subarray(done, done + piece.length));
      done += piece.length;
    }
    return done;
  }

  private pagingOf(context: ContextId): PagingContext {
    const saved =
      context === this.cpu.context
        ? undefined
        : context === 'host'
          ? this.vmx.savedHostPagingContext()
          : this.vmx.savedPagingContext(pointerOf(context));
    return saved ?? pagingContext(this.cpu);
  }

  /** Fingerprint of all state: equal runs have equal hashes. */
  hash(): string {
    const { pic, localApic, pit, serial } = this;
    this.leave({ kind: 'limit' });
    return hashState(this.cpu.state, this.physical.ram, [
      pic.save(),
      localApic.save(),
      pit.save(),
      serial.save(),
    ]);
  }
}
