import type { Cpu } from '../cpu/cpu';

/**
 * A named routine for rare or complex work, called by the HELPER micro-op with
 * its three literal words; most helpers read them as slot numbers. It reports
 * faults through `cpu.raise`, VM exits through `cpu.intercepts`; both set
 * `cpu.abort`, after which it must return without further effect.
 */
export type Helper = (cpu: Cpu, d: number, a: number, b: number) => void;

/** Helpers of one area by name. Names are unique over all areas. */
export type HelperTable = Readonly<Record<string, Helper>>;
