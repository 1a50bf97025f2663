export { Slot } from './cpu/state';
export {
  type CpuMode,
  GPR_NAMES,
  REGISTER_SLOTS,
  type RegisterSnapshot,
  SEGMENT_NAMES,
} from './inspect/registers';
export type { BinaryOperator, Term } from './ir/term';
export { Machine, type MachineConfig } from './machine';
export * from './memory/walk-types';
export * from './records';
