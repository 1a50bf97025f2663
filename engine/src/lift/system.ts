import type { LiftFunction, LiftTable } from './context';

/** Lift functions of this area by iced mnemonic. */
export const systemLifters: LiftTable = new Map<number, LiftFunction>([]);
