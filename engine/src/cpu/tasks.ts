/** Hardware task switches between 32-bit TSSs (SDM 3A chapter 7). */
import { readRflags, writeRflags } from '../ir/flags';
import { How } from '../memory/mmu';
import { type Cpu, Vector } from './cpu';
import {
  type Descriptor,
  dplOf,
  fetchDescriptor,
  isCode,
  isConforming,
  isNull,
  isPresent,
  isReadable,
  markAccessed,
  SystemType,
  selectorFault,
  setFromDescriptor,
  setNull,
  systemType,
  writeBusy,
} from './descriptors';
import { hex } from './limits';
import { reloadCr3 } from './paging-registers';
import { checkStackDescriptor } from './segmentation';
import { StackFrame, setStackPointer } from './stack';
import { Cr0, Flag, Seg, Slot } from './state';

/** What started the switch (SDM 3C Table 28-6). */
export type TaskSwitchSource = 'call' | 'iret' | 'jmp' | 'gate';

/** Byte offsets in a 32-bit TSS (SDM 3A Figure 7-2). */
const enum Tss {
  LINK = 0,
  CR3 = 28,
  EIP = 32,
  EFLAGS = 36,
  REGISTERS = 40,
  SEGMENTS = 72,
  LDTR = 96,
  TRAP = 100,
  LAST = 103,
}

/** Order of the segment selectors in a TSS. */
const SEGMENT_ORDER = [Seg.ES, Seg.CS, Seg.SS, Seg.DS, Seg.FS, Seg.GS] as const;

/**
 * Switches to the task of TSS descriptor `d` (its access already checked).
 * `returnRip` is where the old task goes on. `errorCode` is pushed on the new
 * task's stack. False after a fault, exit or stop; faults after the switch
 * belong to the new task.
 */
export function taskSwitch(
  cpu: Cpu,
  d: Descriptor,
  source: TaskSwitchSource,
  returnRip: bigint,
  errorCode?: number,
): boolean {
  const s = cpu.state;
  if (cpu.intercepts.taskSwitch(d.selector, source)) return false;
  if ((systemType(d) & 8) === 0 || (s.access(Seg.TR) & 8) === 0) {
    cpu.requestStop({
      kind: 'unsupported',
      explanation: `A task switch (${source}, selector ${hex(d.selector)}) involves a 16-bit TSS; only 32-bit TSSs are implemented.`,
    });
    return false;
  }
  if (d.limit < Tss.LAST)
    return selectorFault(cpu, Vector.TS, d.selector, `TSS ${hex(d.selector)} is shorter than 104 bytes.`);

  const base = BigInt(d.base);
  const next = readTss(cpu, base);
  if (!next) return false;
  const nested = source === 'call' || source === 'gate';
  const oldSelector = s.selector(Seg.TR);
  if (!saveOldTask(cpu, returnRip, source === 'iret')) return false;
  if (!nested && !clearOldBusy(cpu)) return false;
  if (nested && !cpu.mmu.write16(cpu, base, oldSelector, How.SUPERVISOR)) return false;
  if (source !== 'iret' && !writeBusy(cpu, d, true)) return false;

  // The point of no return: from here on the new task runs (SDM 3A 7.3).
  d.access |= 2;
  setFromDescriptor(cpu, Seg.TR, d);
  s.u64[Slot.CR0] |= BigInt(Cr0.TS);
  loadRegisters(cpu, next, nested);
  const paging = (s.low(Slot.CR0) & Cr0.PG) !== 0;
  if (paging && !reloadCr3(cpu, BigInt(next[Tss.CR3 / 4]))) return false;
  if (!loadTaskSegments(cpu, next)) return false;
  if (errorCode !== undefined) {
    const stack = StackFrame.current(cpu);
    if (!stack.push(errorCode, 0, 4)) return false;
    setStackPointer(cpu, stack.low, stack.high, false, s.access(Seg.SS));
  }
  if (next[Tss.TRAP / 4] & 1) {
    cpu.raise(Vector.DB, undefined, `The T bit of TSS ${hex(d.selector)} is set.`, 1n << 15n);
    return false;
  }
  cpu.attention();
  return true;
}

/** The 26 double words of a TSS. */
function readTss(cpu: Cpu, base: bigint): number[] | undefined {
  const words: number[] = [];
  for (let offset = 0; offset <= Tss.LAST; offset += 4) {
    const word = cpu.mmu.read32(cpu, BigInt.asUintN(32, base + BigInt(offset)), How.SUPERVISOR);
    if (word === undefined) return undefined;
    words.push(word);
  }
  return words;
}

function saveOldTask(cpu: Cpu, returnRip: bigint, clearNt: boolean): boolean {
  const s = cpu.state;
  const base = s.segmentBase(Seg.TR);
  const write = (offset: number, value: number) =>
    cpu.mmu.write32(cpu, BigInt.asUintN(32, base + BigInt(offset)), value, How.SUPERVISOR);
  const flags = readRflags(s);
  if (!write(Tss.EIP, Number(BigInt.asUintN(32, returnRip)))) return false;
  if (!write(Tss.EFLAGS, clearNt ? flags & ~Flag.NT : flags)) return false;
  for (let r = 0; r < 8; r++) if (!write(Tss.REGISTERS + 4 * r, s.low(r))) return false;
  for (const [i, seg] of SEGMENT_ORDER.entries())
    if (!write(Tss.SEGMENTS + 4 * i, s.selector(seg))) return false;
  return true;
}

/** JMP and IRET leave the old task available (SDM 3A Table 7-2). */
function clearOldBusy(cpu: Cpu): boolean {
  const old = fetchDescriptor(cpu, cpu.state.selector(Seg.TR), Vector.TS);
  return old !== undefined && writeBusy(cpu, old, false);
}

function loadRegisters(cpu: Cpu, next: readonly number[], nested: boolean): void {
  const s = cpu.state;
  s.setLow(Slot.RIP, next[Tss.EIP / 4]);
  writeRflags(s, (next[Tss.EFLAGS / 4] & 0x3f7fd7) | (nested ? Flag.NT : 0));
  for (let r = 0; r < 8; r++) s.setLow(r, next[Tss.REGISTERS / 4 + r]);
}

/** Loads LDTR and the six segment registers; a bad one raises in the new task. */
function loadTaskSegments(cpu: Cpu, next: readonly number[]): boolean {
  const selectors = SEGMENT_ORDER.map((_, i) => next[Tss.SEGMENTS / 4 + i] & 0xffff);
  const cpl = selectors[1] & 3;
  for (const [i, seg] of SEGMENT_ORDER.entries()) setNull(cpu, seg, selectors[i], seg === Seg.SS ? cpl : 0);
  const ldt = next[Tss.LDTR / 4] & 0xffff;
  setNull(cpu, Seg.LDTR, ldt);
  cpu.modeChanged();

  const ok =
    loadTaskLdt(cpu, ldt) &&
    loadTaskCode(cpu, selectors[1]) &&
    loadTaskStack(cpu, selectors[2], cpl) &&
    SEGMENT_ORDER.every(
      (seg, i) => seg === Seg.CS || seg === Seg.SS || loadTaskData(cpu, seg, selectors[i], cpl),
    );
  cpu.modeChanged();
  return ok;
}

function loadTaskLdt(cpu: Cpu, selector: number): boolean {
  if (isNull(selector)) return true;
  const bad = (why: string) =>
    selectorFault(cpu, Vector.TS, selector, `LDT selector ${hex(selector)} of the new task ${why}.`);
  if (selector & 4) return bad('is not in the GDT');
  const d = fetchDescriptor(cpu, selector, Vector.TS);
  if (!d) return false;
  if (systemType(d) !== SystemType.LDT || !isPresent(d)) return bad('is not a present LDT');
  setFromDescriptor(cpu, Seg.LDTR, d);
  return true;
}

function loadTaskCode(cpu: Cpu, selector: number): boolean {
  const bad = (why: string) =>
    selectorFault(cpu, Vector.TS, selector, `CS selector ${hex(selector)} of the new task ${why}.`);
  if (isNull(selector)) return bad('is null');
  const d = fetchDescriptor(cpu, selector, Vector.TS);
  if (!d) return false;
  const rpl = selector & 3;
  if (!isCode(d)) return bad('is not a code segment');
  if (isConforming(d) ? dplOf(d) > rpl : dplOf(d) !== rpl) return bad('has a DPL that does not fit its RPL');
  if (!isPresent(d))
    return selectorFault(cpu, Vector.NP, selector, `Code segment ${hex(selector)} is not present.`);
  if (!markAccessed(cpu, d)) return false;
  setFromDescriptor(cpu, Seg.CS, d);
  return true;
}

function loadTaskStack(cpu: Cpu, selector: number, cpl: number): boolean {
  if (isNull(selector))
    return selectorFault(cpu, Vector.TS, selector, 'The SS selector of the new task is null.');
  const d = fetchDescriptor(cpu, selector, Vector.TS);
  if (!d || !checkStackDescriptor(cpu, d, cpl, Vector.TS) || !markAccessed(cpu, d)) return false;
  setFromDescriptor(cpu, Seg.SS, d);
  return true;
}

function loadTaskData(cpu: Cpu, seg: Seg, selector: number, cpl: number): boolean {
  if (isNull(selector)) return true;
  const d = fetchDescriptor(cpu, selector, Vector.TS);
  if (!d) return false;
  if (!isReadable(d) || (!isConforming(d) && Math.max(selector & 3, cpl) > dplOf(d)))
    return selectorFault(
      cpu,
      Vector.TS,
      selector,
      `Data selector ${hex(selector)} of the new task has a wrong type or privilege level.`,
    );
  if (!isPresent(d))
    return selectorFault(cpu, Vector.NP, selector, `Data segment ${hex(selector)} is not present.`);
  if (!markAccessed(cpu, d)) return false;
  setFromDescriptor(cpu, seg, d);
  return true;
}

/** The TSS that `selector` (from a task gate or a back link) names, with the checks all such switches make. */
export function fetchTss(cpu: Cpu, selector: number, busy: boolean, vector: Vector): Descriptor | undefined {
  const bad = (why: string): undefined => {
    selectorFault(cpu, vector, selector, `TSS selector ${hex(selector)} ${why}.`);
    return undefined;
  };
  if (selector & 4) return bad('is not in the GDT');
  const d = fetchDescriptor(cpu, selector, vector);
  if (!d) return undefined;
  const type = systemType(d);
  const wanted = busy
    ? type === SystemType.TSS_BUSY || type === SystemType.TSS16_BUSY
    : type === SystemType.TSS_AVAILABLE || type === SystemType.TSS16_AVAILABLE;
  if (!wanted) return bad(busy ? 'is not a busy TSS' : 'is not an available TSS');
  if (!isPresent(d)) {
    selectorFault(cpu, Vector.NP, selector, `TSS ${hex(selector)} is not present.`);
    return undefined;
  }
  return d;
}

/** IRET with NT set: back to the task the back link names (SDM 3A 7.4). */
export function taskReturn(cpu: Cpu, returnRip: bigint): boolean {
  const link = cpu.mmu.read16(cpu, cpu.state.segmentBase(Seg.TR), How.SUPERVISOR);
  if (link === undefined) return false;
  const d = fetchTss(cpu, link, true, Vector.TS);
  return d !== undefined && taskSwitch(cpu, d, 'iret', returnRip);
}

/** Through a task gate whose own access has been checked. */
export function taskGate(
  cpu: Cpu,
  gate: { low: number },
  source: TaskSwitchSource,
  returnRip: bigint,
  errorCode?: number,
): boolean {
  const d = fetchTss(cpu, gate.low >>> 16, false, Vector.GP);
  return d !== undefined && taskSwitch(cpu, d, source, returnRip, errorCode);
}
