/** Delivery of interrupts and exceptions, with double and triple faults (SDM 3A chapter 6). */
import type { ExceptionRecord } from '../records';
import { Abort, type Cpu, explain, Vector } from './cpu';
import { EventType, hasErrorCode, PendingEvent } from './event';
import { enterHandler, isTrap } from './idt';
import { hex } from './limits';
import { Seg, Slot } from './state';

/** Exceptions that make a double fault of one another (SDM 3A Table 6-4, "contributory"). */
const CONTRIBUTORY = (1 << 0) | (1 << 10) | (1 << 11) | (1 << 12) | (1 << 13);

const NAMES: readonly string[] = (
  '#DE divide error,#DB debug,NMI,#BP breakpoint,#OF overflow,#BR bound range,#UD invalid opcode,' +
  '#NM device not available,#DF double fault,,#TS invalid TSS,#NP segment not present,#SS stack fault,' +
  '#GP general protection,#PF page fault,,#MF floating-point error,#AC alignment check,#MC machine check,' +
  '#XM SIMD floating point,#VE virtualization,#CP control protection'
).split(',');

/** `#GP general protection`, `interrupt 0x20`. */
export function vectorName(vector: number): string {
  return NAMES[vector] || `interrupt ${hex(vector)}`;
}

/**
 * Delivers the exception in `cpu.faultVector` and its companions. The machine's
 * loop calls it after an instruction was abandoned. Afterwards `cpu.abort` is
 * NONE, EXIT or STOP.
 */
export function deliverException(cpu: Cpu): void {
  deliver(cpu, takeFault(cpu));
}

/** What asked for an interrupt: the INTR or NMI pin, or an instruction (INT n, INT1, INT3 and INTO). */
export type InterruptKind = 'external' | 'nmi' | 'software' | 'privileged-software' | 'software-exception';

const TYPES: Readonly<Record<InterruptKind, EventType>> = {
  external: EventType.EXTERNAL,
  nmi: EventType.NMI,
  software: EventType.SOFTWARE,
  'privileged-software': EventType.PRIVILEGED_SOFTWARE,
  'software-exception': EventType.SOFTWARE_EXCEPTION,
};

/**
 * Delivers an interrupt. External ones and NMIs come between instructions and
 * end HLT; the others are the effect of the current instruction.
 */
export function deliverInterrupt(cpu: Cpu, vector: number, kind: InterruptKind): void {
  const s = cpu.state;
  const pin = kind === 'external' || kind === 'nmi';
  if (pin) s.setLow(Slot.ACTIVITY, 0);
  if (kind === 'nmi') s.setLow(Slot.NMI_BLOCKED, 1);
  deliver(cpu, new PendingEvent(cpu, vector & 0xff, TYPES[kind], undefined, undefined, !pin));
}

/**
 * Delivers the event a VM entry injects (SDM 3C 27.6.1). `info` is the VM-entry
 * interruption-information field; software events return behind an instruction
 * of `instructionLength` bytes.
 */
export function injectEvent(cpu: Cpu, info: number, errorCode: number, instructionLength: number): void {
  const type = ((info >>> 8) & 7) as EventType;
  const s = cpu.state;
  s.setLow(Slot.ACTIVITY, 0);
  if (type === EventType.NMI) s.setLow(Slot.NMI_BLOCKED, 1);
  cpu.instructionLength = type >= EventType.SOFTWARE ? instructionLength : 0;
  const code = info & (1 << 11) ? errorCode : undefined;
  const event = new PendingEvent(cpu, info & 0xff, type, code, undefined, type >= EventType.SOFTWARE);
  event.injected = true;
  deliver(cpu, event);
}

/** The raised exception as an event; clears the abort. */
function takeFault(cpu: Cpu): PendingEvent {
  cpu.abort = Abort.NONE;
  const vector = cpu.faultVector;
  const software = vector === Vector.BP || vector === Vector.OF;
  return new PendingEvent(
    cpu,
    vector,
    software ? EventType.SOFTWARE_EXCEPTION : EventType.HARDWARE,
    hasErrorCode(vector) ? (cpu.faultErrorCode ?? 0) : undefined,
    vector === Vector.PF || vector === Vector.DB ? cpu.faultPayload : undefined,
    software,
    cpu.faultReason,
  );
}

/** Delivers an event and the exceptions its delivery causes, until a handler runs or nothing helps. */
function deliver(cpu: Cpu, first: PendingEvent): void {
  let event = first;
  let chain: PendingEvent[] | undefined; // the events before this one
  for (;;) {
    if (!event.injected && intercepted(cpu, event)) break;
    if (cpu.observer.exception) {
      cpu.observer.exception(recordOf(cpu, event));
      if (cpu.abort !== Abort.NONE) break;
    }
    if (!event.injected) applyPayload(cpu, event);
    cpu.delivering = event.vector;
    cpu.deliveringKind = event.type;
    cpu.deliveringErrorCode = event.errorCode;
    if (enterHandler(cpu, event)) {
      cpu.deliveredAt = cpu.icount;
      break;
    }
    // An exit, a stop, or (widened for the compiler: raise() has changed it) a fault.
    if ((cpu.abort as Abort) !== Abort.FAULT) break;
    const second = takeFault(cpu);
    chain = [...(chain ?? []), event];
    const next = escalate(cpu, event, second);
    if (!next) {
      shutdown(
        cpu,
        [...chain, second].map((e) => recordOf(cpu, e)),
      );
      break;
    }
    event = next;
  }
  cpu.delivering = -1;
  cpu.deliveringErrorCode = undefined;
}

/** Asks whether the exception exits to a hypervisor. INT n and interrupts are not exceptions. */
function intercepted(cpu: Cpu, event: PendingEvent): boolean {
  const kind =
    event.type === EventType.HARDWARE
      ? 'hardware'
      : event.type === EventType.SOFTWARE_EXCEPTION
        ? 'software'
        : event.type === EventType.PRIVILEGED_SOFTWARE
          ? 'privileged-software'
          : undefined;
  return kind !== undefined && cpu.intercepts.exception(event.vector, event.errorCode, kind, event.payload);
}

/** CR2 and DR6 change only when the exception is really delivered (SDM 3C 28.1). */
function applyPayload(cpu: Cpu, event: PendingEvent): void {
  const u64 = cpu.state.u64;
  if (event.type !== EventType.HARDWARE || event.payload === undefined) return;
  if (event.vector === Vector.PF) u64[Slot.CR2] = event.payload;
  else if (event.vector === Vector.DB) {
    u64[Slot.DR6] |= event.payload;
    u64[Slot.DR7] &= ~(1n << 13n); // GD, so that the handler may use the debug registers
    u64[Slot.DEBUGCTL] &= ~1n; // LBR
  }
}

/**
 * What follows when delivering `event` has faulted (SDM 3A Table 6-5): the
 * second fault, a double fault, or (undefined) shutdown.
 */
function escalate(cpu: Cpu, event: PendingEvent, second: PendingEvent): PendingEvent | undefined {
  // EXT: the first event did not come from INT n, INT3 or INTO (SDM 3A 6.13).
  const external = event.type !== EventType.SOFTWARE && event.type !== EventType.SOFTWARE_EXCEPTION;
  if (external && isContributory(second) && second.errorCode !== undefined) second.errorCode |= 1;
  const why = explain(second.explanation);
  if (why !== undefined) second.explanation = `While delivering ${vectorName(event.vector)}: ${why}`;
  if (event.type !== EventType.HARDWARE) return second;
  const grave = isContributory(second) || second.vector === Vector.PF;
  if (event.vector === Vector.DF && grave) return undefined;
  const double = event.vector === Vector.PF ? grave : isContributory(event) && isContributory(second);
  if (!double) return second;
  // A double fault that exits is not part of the first event's delivery (SDM 3C 28.2.4).
  cpu.delivering = -1;
  const explanation = `Delivering ${vectorName(event.vector)} failed with ${vectorName(second.vector)}: ${explain(second.explanation) ?? 'no reason known'}`;
  return new PendingEvent(cpu, Vector.DF, EventType.HARDWARE, 0, undefined, false, explanation);
}

function isContributory(event: PendingEvent): boolean {
  return event.vector < 32 && ((CONTRIBUTORY >>> event.vector) & 1) !== 0;
}

/** Triple fault: a VM exit, or the processor shuts down (SDM 3A 6.15, "Interrupt 8"). */
function shutdown(cpu: Cpu, chain: ExceptionRecord[]): void {
  cpu.delivering = -1;
  if (cpu.intercepts.tripleFault()) return;
  const s = cpu.state;
  s.setLow(Slot.ACTIVITY, 2);
  const names = chain.map((r) => `${vectorName(r.vector)}${r.explanation ? ` (${r.explanation})` : ''}`);
  cpu.requestStop({
    kind: 'triple-fault',
    chain,
    explanation:
      `Triple fault at ${hex(s.selector(Seg.CS))}:${hex(s.u64[Slot.RIP])}, CPL ${cpu.cpl}: ` +
      `${names.join(', then ')}; no handler could be entered and the processor has shut down.`,
  });
}

const KINDS: Readonly<Record<EventType, ExceptionRecord['kind']>> = {
  [EventType.EXTERNAL]: 'external',
  [EventType.NMI]: 'nmi',
  [EventType.HARDWARE]: 'fault',
  [EventType.SOFTWARE]: 'software',
  [EventType.PRIVILEGED_SOFTWARE]: 'trap',
  [EventType.SOFTWARE_EXCEPTION]: 'trap',
};

function recordOf(cpu: Cpu, event: PendingEvent): ExceptionRecord {
  let kind = KINDS[event.type];
  if (event.type === EventType.HARDWARE) {
    if (event.vector === Vector.DF || event.vector === Vector.MC) kind = 'abort';
    else if (isTrap(event)) kind = 'trap';
  }
  return {
    context: cpu.context,
    vector: event.vector,
    errorCode: event.errorCode,
    kind,
    rip: cpu.state.u64[Slot.RIP],
    address: event.vector === Vector.PF ? event.payload : undefined,
    count: cpu.icount,
    explanation: explain(event.explanation),
  };
}
