/**
 * The vocabulary of address walks. A walk is a pure function: it reads entries
 * and answers; it never writes. Accessed/dirty bits it would set are returned.
 */

/** What the access wants. */
export interface WalkAccess {
  kind: 'read' | 'write' | 'execute';
  /** CPL 3 (explicit accesses). Implicit supervisor accesses (GDT, IDT, TSS) pass false. */
  user: boolean;
}

/** What the processor's mode contributes; made by `pagingContext(cpu)`. */
export interface PagingContext {
  /** SDM 3A 4.1.1: none, 32-bit, PAE, 4-level. */
  mode: 'none' | '32-bit' | 'pae' | '4-level';
  cr3: bigint;
  /** PAE only: the four PDPTE registers. */
  pdptes?: readonly bigint[];
  pse: boolean;
  wp: boolean;
  nxe: boolean;
  smep: boolean;
  smap: boolean;
  /** RFLAGS.AC: lets supervisor data accesses reach user pages under SMAP. */
  ac: boolean;
  /** Present when guest-physical addresses are walked through EPT (VMX non-root with EPT enabled). */
  ept?: EptContext;
  /** Physical-address width, MAXPHYADDR. */
  physicalBits: number;
}

export interface EptContext {
  /** EPT pointer as in the VMCS (SDM 3C 25.6.11). */
  pointer: bigint;
  /** Bit 6 of the pointer: accessed and dirty flags in use. */
  accessedDirty: boolean;
}

/** One entry read by a walk, as the debugger shows it. */
export interface WalkStep {
  /** `guest`: entry of the guest's (or, without virtualization, the only) page tables; `nested`: EPT/NPT entry. */
  stage: 'guest' | 'nested';
  /** `PML4E`, `PDPTE`, `PDE`, `PTE`, `EPT PML4E` … */
  name: string;
  level: number;
  /** Physical address the entry was read from: guest-physical for stage guest under EPT, else host-physical. */
  entryAddress: bigint;
  /** The same as host-physical address. */
  entryHostAddress: bigint;
  /** Raw entry. */
  value: bigint;
  /** Entry size in bytes: 4 or 8. */
  size: 4 | 8;
  /** Decoded bits in the manual's names, e.g. `P`, `RW`, `US`, `A`, `D`, `PS`, `G`, `NX`; for EPT `R`, `W`, `X`, `A`, `D`, memory type. */
  flags: string[];
  verdict: 'next' | 'page' | 'not-present' | 'reserved-bit' | 'no-permission' | 'misconfigured';
  /** For nested steps: which translation they serve, e.g. `PML4E` for the walk of the guest entry's address or `page` for the final one. */
  serves?: string;
}

/** Entry to be written back when the access really happens: accessed/dirty flags. Host-physical address. */
export interface EntryUpdate {
  address: bigint;
  size: 4 | 8;
  value: bigint;
}

export type WalkResult = WalkSuccess | WalkFault;

export interface WalkSuccess {
  ok: true;
  /** After the guest's tables. Equals `hostPhysical` without nesting. */
  guestPhysical: bigint;
  hostPhysical: bigint;
  /** Combined page size in bytes of the smallest step (guest and nested). */
  pageSize: number;
  /** Page size of the guest's own tables (4096 when paging is off): what INVLPG must drop. */
  guestPageSize: number;
  /** What this translation allows in its context, for the soft TLB. `write` is false when a dirty flag must still be set. */
  read: boolean;
  write: boolean;
  execute: boolean;
  global: boolean;
  updates: EntryUpdate[];
}

export type WalkFault = PageFault | EptFault;

/** A fault of the guest's own tables: #PF with this error code (SDM 3A 4.7). */
export interface PageFault {
  ok: false;
  stage: 'guest';
  errorCode: number;
  /** One sentence: which entry refused and why. */
  explanation: string;
}

/** An EPT violation or misconfiguration (SDM 3C 29.3.3). */
export interface EptFault {
  ok: false;
  stage: 'nested';
  kind: 'violation' | 'misconfiguration';
  /** Exit qualification without the linear-address bits 7–8, which the processor adds (SDM 3C Table 28-7). */
  qualification: bigint;
  guestPhysical: bigint;
  /** True when the access to translate was to a guest paging-structure entry. */
  duringWalk: boolean;
  explanation: string;
}
