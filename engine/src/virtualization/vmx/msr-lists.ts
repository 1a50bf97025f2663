/** The MSR areas of VM entry and exit (SDM 3C 25.7.2, 25.8.2): 16 bytes an entry: index, reserved, data. */
import { msrRead, msrWrite } from '../../cpu/msr';
import type { VmxCore } from './core';
import { F } from './fields';

const FS_BASE = 0xc0000100;
const GS_BASE = 0xc0000101;

/** FS and GS bases and the x2APIC's registers may not stand in a list (SDM 3C 27.4, 28.6). */
function refusedIndex(index: number): boolean {
  return index === FS_BASE || index === GS_BASE || index >>> 8 === 8;
}

/** Loads a list. Answers 0, or the number (from 1) of the entry that failed. */
export function loadMsrList(core: VmxCore, addressField: F, countField: F): number {
  const { cpu, vmcs } = core;
  const count = vmcs.low(countField);
  if (count === 0) return 0;
  const memory = cpu.mmu.physical;
  const base = vmcs.number(addressField);
  for (let i = 0; i < count; i++) {
    const address = base + i * 16;
    const index = memory.read32(address);
    if (memory.read32(address + 4) !== 0 || refusedIndex(index)) return i + 1;
    if (!msrWrite(cpu, index, memory.read64(address + 8))) return i + 1;
  }
  return 0;
}

/** Stores the guest's MSRs into the VM-exit MSR-store area. Answers 0, or the number of the entry that failed. */
export function storeMsrList(core: VmxCore): number {
  const { cpu, vmcs } = core;
  const count = vmcs.low(F.EXIT_MSR_STORE_COUNT);
  if (count === 0) return 0;
  const memory = cpu.mmu.physical;
  const base = vmcs.number(F.EXIT_MSR_STORE_ADDRESS);
  for (let i = 0; i < count; i++) {
    const address = base + i * 16;
    const index = memory.read32(address);
    const value = memory.read32(address + 4) === 0 && index >>> 8 !== 8 ? msrRead(cpu, index) : undefined;
    if (value === undefined) return i + 1;
    memory.write64(address + 8, value);
  }
  return 0;
}
