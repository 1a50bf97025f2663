/**
 * What the client and the adapter say to each other outside the Debug Adapter
 * Protocol. Both import this file and nothing else of each other. Addresses and
 * values are strings `0x…` (JSON has no 64-bit integers).
 */

/** Custom request: walk a linear address with every entry of both levels. */
export const TRANSLATE = 'hyperstep.translate';

export interface TranslateArguments {
  /** Number, register, symbol or any expression that `evaluate` takes. */
  address: string;
  access?: 'read' | 'write' | 'execute';
  /** DAP thread id of the context; the current one when absent. */
  threadId?: number;
}

export interface TranslateStep {
  /** `guest`: an entry of the paging structures software set up; `nested`: an EPT entry. */
  stage: 'guest' | 'nested';
  /** `PML4E`, `PTE`, `EPT PDE` … */
  name: string;
  /** Where the entry was read: as the guest's tables say it, and in host-physical memory. */
  entryAddress: string;
  entryHostAddress: string;
  value: string;
  /** Bits by the manual's names. */
  flags: string[];
  verdict: string;
  /** For nested steps: what they translate (`PML4E`, …, `page`). */
  serves?: string;
}

export interface TranslateResponse {
  context: string;
  linear: string;
  access: 'read' | 'write' | 'execute';
  /** `4-level`, `pae`, `32-bit`, `none`; and whether EPT follows. */
  mode: string;
  nested: boolean;
  steps: TranslateStep[];
  /** When the walk succeeds. */
  guestPhysical?: string;
  hostPhysical?: string;
  pageSize?: number;
  permissions?: string;
  /** When it fails: one sentence, e.g. `#PF(0x2): PTE not present`. */
  fault?: string;
}

/** Custom request: VM transitions from number `since` on. */
export const VM_EXITS = 'hyperstep.vmExits';

export interface VmExitsArguments {
  since?: number;
  /** At most this many, the newest; 500 unless given. */
  limit?: number;
}

export interface VmExitEntry {
  /** Running number since power-on. */
  index: number;
  kind: 'entry' | 'exit' | 'entry-failure';
  from: string;
  to: string;
  reason: number;
  reasonName: string;
  qualification: string;
  detail: string;
  guestRip: string;
  guestLinear?: string;
  guestPhysical?: string;
  instructionLength: number;
  /** Instruction count. */
  count: number;
  failure?: string;
  /** Source of the guest instruction, when a map knows it. */
  source?: { path: string; line: number };
}

export interface VmExitsResponse {
  total: number;
  entries: VmExitEntry[];
}

/** Custom request: characters typed at the serial console, as bytes in Latin-1. */
export const SERIAL_INPUT = 'hyperstep.serialInput';

export interface SerialInputArguments {
  text: string;
}

/** Custom event: the guest's serial output, bytes as Latin-1 characters. */
export const SERIAL_OUTPUT = 'hyperstep.serial';

export interface SerialOutputBody {
  text: string;
}
