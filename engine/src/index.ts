export { Slot } from './cpu/state';
export { type DataAccess, type DataRange, MAX_DATA_BYTES } from './execution/data-breakpoints';
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
export { EXIT_REASONS } from './virtualization/vmx/reasons';
