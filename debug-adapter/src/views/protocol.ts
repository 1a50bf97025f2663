/**
 * Custom requests and events between the client's views and the debug adapter.
 * Numbers that may exceed 2^53 travel as hexadecimal text (`0x…`).
 */

/** Custom request names. */
export const TRANSLATE = 'hyperstep.translate';
export const VM_EXITS = 'hyperstep.vmExits';
export const SERIAL_INPUT = 'hyperstep.serialInput';
/** Custom event: text from the guest's serial port. */
export const SERIAL = 'hyperstep.serial';

export interface SourceLocation {
  path: string;
  line: number;
}

/** `hyperstep.translate`: walks a linear address (GLA → GPA → HPA). */
export interface TranslateArguments {
  /** A number or an expression of the dialect, e.g. `0x400000`, `rsp`, `message + 8`; also a memory reference. */
  address: string;
  /** `read` unless given. */
  access?: 'read' | 'write' | 'execute';
  /** A context id (`host`, `vmcs:5000`); else the frame's, else the one that runs. */
  context?: string;
  frameId?: number;
}

/** One entry of a walk. */
export interface TranslateStep {
  stage: 'guest' | 'nested';
  /** `PML4E` … `EPT PTE`. */
  name: string;
  level: number;
  /** Address of the entry: guest-physical in the guest's stage under EPT, else host-physical. */
  entryAddress: string;
  entryHostAddress: string;
  value: string;
  size: 4 | 8;
  flags: string[];
  verdict: 'next' | 'page' | 'not-present' | 'reserved-bit' | 'no-permission' | 'misconfigured';
  /** Nested steps: whose address they find, e.g. `PML4E` or `page`. */
  serves?: string;
}

export interface TranslateResponse {
  address: string;
  access: 'read' | 'write' | 'execute';
  context: string;
  contextName: string;
  steps: TranslateStep[];
  result: TranslateSuccess | TranslateFault;
}

export interface TranslateSuccess {
  ok: true;
  guestPhysical: string;
  hostPhysical: string;
  pageSize: number;
  read: boolean;
  write: boolean;
  execute: boolean;
  /** Memory reference of the host-physical address, for a memory view. */
  memoryReference: string;
}

export interface TranslateFault {
  ok: false;
  /** `guest`: #PF; `nested`: EPT violation or misconfiguration. */
  stage: 'guest' | 'nested';
  /** `#PF(0x2)`, `EPT violation` … */
  fault: string;
  /** EPT faults: the guest-physical address. */
  guestPhysical?: string;
  explanation: string;
}

/** `hyperstep.vmExits`: transitions from number `since` on (0 is the first ever; the last 10,000 are kept). */
export interface VmExitsArguments {
  since?: number;
  /** At most as many, the newest; 1,000 unless given. */
  limit?: number;
}

export interface VmExit {
  /** Counts all transitions since power-on. */
  number: number;
  kind: 'entry' | 'exit' | 'entry-failure';
  from: string;
  to: string;
  /** `guest 1`: the guest that is entered or left. */
  guest: string;
  reason: number;
  reasonName: string;
  qualification: string;
  detail: string;
  instructionLength: number;
  guestLinear?: string;
  guestPhysical?: string;
  interruption?: string;
  guestRip: string;
  /** Function and offset of the guest's RIP, when known. */
  symbol?: string;
  location?: SourceLocation;
  /** Instruction count. */
  count: number;
  failure?: string;
}

export interface VmExitsResponse {
  exits: VmExit[];
  /** Transitions since power-on: the `since` of the next request. */
  next: number;
}

/** `hyperstep.serialInput`: text typed at the guest's serial port. */
export interface SerialInputArguments {
  text: string;
}

/** Body of the `hyperstep.serial` event. */
export interface SerialEvent {
  text: string;
}
