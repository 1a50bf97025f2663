/** LAR, LSL, VERR, VERW, ARPL: asking about selectors without loading them (SDM 3A 5.10). */
import { Abort, type Cpu } from './cpu';
import {
  type Descriptor,
  dplOf,
  fetchDescriptor,
  isConforming,
  isNull,
  isReadable,
  isWritableData,
  systemType,
} from './descriptors';
import { Access } from './state';

/** System types LAR and LSL accept, one bit each; long mode drops the 16-bit ones (SDM 2A "LAR", Table 3-53). */
const LAR_LEGACY = 0b0001_1010_0011_1110;
const LAR_LONG = 0b0001_1010_0000_0100;
const LSL_LEGACY = 0b0000_1010_0000_1110;
const LSL_LONG = 0b0000_1010_0000_0100;

/**
 * The descriptor, if the selector may be asked about; otherwise undefined, with
 * `cpu.abort` set only when reading the table faulted. A selector outside its
 * table is not a fault here.
 */
function visibleDescriptor(cpu: Cpu, selector: number, systemTypes: number): Descriptor | undefined {
  if (isNull(selector)) return undefined;
  const d = fetchQuietly(cpu, selector);
  if (!d) return undefined;
  const type = systemType(d);
  if (type >= 0 && !((systemTypes >> type) & 1)) return undefined;
  if (isConforming(d)) return d;
  return Math.max(cpu.cpl, selector & 3) > dplOf(d) ? undefined : d;
}

/** #GP(selector) means "not there"; other faults (paging) remain. */
function fetchQuietly(cpu: Cpu, selector: number): Descriptor | undefined {
  const d = fetchDescriptor(cpu, selector);
  if (!d && cpu.abort === Abort.FAULT && cpu.faultVector === 13) cpu.abort = Abort.NONE;
  return d;
}

/** LAR's result, or undefined for ZF = 0. */
export function loadAccessRights(cpu: Cpu, selector: number): number | undefined {
  const d = visibleDescriptor(cpu, selector, cpu.longMode ? LAR_LONG : LAR_LEGACY);
  return d && (d.high & 0x00ffff00) >>> 0;
}

/** LSL's result, or undefined for ZF = 0. */
export function loadLimit(cpu: Cpu, selector: number): number | undefined {
  return visibleDescriptor(cpu, selector, cpu.longMode ? LSL_LONG : LSL_LEGACY)?.limit;
}

/** VERR and VERW: whether the segment can be read or written at this privilege. */
export function verify(cpu: Cpu, selector: number, write: boolean): boolean {
  const d = visibleDescriptor(cpu, selector, 0);
  if (!d || !(d.access & Access.S)) return false;
  return write ? isWritableData(d) : isReadable(d);
}
