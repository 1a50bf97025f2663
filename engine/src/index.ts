export { Slot } from './cpu/state';
export { type CpuMode, GPR_NAMES, type RegisterSnapshot, SEGMENT_NAMES } from './inspect/registers';
export { Machine, type MachineConfig } from './machine';
export * from './memory/walk-types';
export * from './records';
