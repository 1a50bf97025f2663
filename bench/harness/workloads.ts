// What the guests can do (bench/guests/workloads), and what a count of it means.
import type { Bits } from './guests';

/** How a figure is expressed: guest instructions a second, time an event, bytes a second. */
export type Kind = 'compute' | 'event' | 'bandwidth';

/** One thing the guest can be told to do. */
export interface Workload {
  name: string;
  kind: Kind;
  title: string;
  /** In which images; both unless given. */
  bits?: Bits;
  /** The guest does this many at once; counts are rounded up to it. */
  granularity?: number;
  /** Memory or the counter's width allow no more. */
  limit?: number;
  /** Bytes a count moves. */
  bytes?: number;
}

export const WORKLOADS: readonly Workload[] = [
  { name: 'int', kind: 'compute', title: 'integer arithmetic' },
  { name: 'sieve', kind: 'compute', title: 'sieve of Eratosthenes' },
  { name: 'qsort', kind: 'compute', title: 'quicksort' },
  { name: 'crc32', kind: 'compute', title: 'CRC-32 by table' },
  { name: 'sha256', kind: 'compute', title: 'SHA-256' },
  { name: 'memcpy', kind: 'compute', title: 'copy loop' },
  { name: 'stride', kind: 'compute', title: 'stride over 8,000 pages' },
  { name: 'list', kind: 'compute', title: 'linked list' },
  { name: 'string', kind: 'compute', title: 'string loops' },
  { name: 'matmul', kind: 'compute', title: 'matrix product' },
  { name: 'vm', kind: 'compute', title: 'interpreter loop' },
  { name: 'recurse', kind: 'compute', title: 'recursion' },
  { name: 'fp', kind: 'compute', title: 'SSE2 floating point' },
  { name: 'cold', kind: 'event', title: 'cold 14-instruction block', limit: 900_000 },
  { name: 'smc', kind: 'event', title: 'patch + call' },
  { name: 'pages', kind: 'event', title: 'turn of a loop across a page boundary', granularity: 1000 },
  { name: 'movs', kind: 'bandwidth', title: 'rep movs', bytes: 65536 },
  { name: 'stos', kind: 'bandwidth', title: 'rep stos', bytes: 65536 },
  { name: 'int80', kind: 'event', title: 'INT 0x80 round trip' },
  { name: 'syscall', kind: 'event', title: 'SYSCALL/SYSRET', bits: 64 },
  { name: 'pf', kind: 'event', title: '#PF in ring 3, map, IRET', granularity: 256 },
  { name: 'out80', kind: 'event', title: 'OUT 0x80' },
  { name: 'in61', kind: 'event', title: 'IN 0x61' },
  { name: 'lapic', kind: 'event', title: 'local APIC read (MMIO)' },
  { name: 'cr3', kind: 'event', title: 'CR3 load + 8 touches' },
  { name: 'invlpg', kind: 'event', title: 'INVLPG + touch' },
  { name: 'cpuid', kind: 'event', title: 'CPUID' },
  { name: 'vmcall', kind: 'event', title: 'VM exit round trip, EPT off', bits: 64 },
  { name: 'vmcallept', kind: 'event', title: 'VM exit round trip, EPT on', bits: 64 },
  { name: 'vmout', kind: 'event', title: 'the same by OUT', bits: 64 },
  { name: 'vmmmio', kind: 'event', title: 'the same by an EPT violation', bits: 64 },
];

/** The guest's counter has 32 bits. */
const MAX_COUNT = 0xfffff000;

/** The nearest count the workload can do. */
export function roundCount(workload: Workload, count: number): number {
  const step = workload.granularity ?? 1;
  const most = Math.min(workload.limit ?? MAX_COUNT, MAX_COUNT);
  return Math.max(1, Math.min(Math.floor(most / step), Math.round(count / step))) * step;
}
