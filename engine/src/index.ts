export { Machine, type MachineConfig } from './machine';
export * from './records';
export * from './memory/walk-types';
export { type CpuMode, GPR_NAMES, type RegisterSnapshot, SEGMENT_NAMES } from './inspect/registers';
