/** VMX with EPT: what the rest of the engine and the debugger use of it. */
export type { GuestContext, SavedState } from './debugger';
export { describeQualification } from './describe';
export { describeVmError } from './errors';
export {
  type FieldKind,
  type FieldWidth,
  fieldByEncoding,
  fieldByName,
  VMCS_FIELDS,
  type VmcsField,
} from './fields';
export { EXIT_REASONS, reasonName } from './reasons';
export { readVmcs } from './vmcs';
export { installVmx, Vmx } from './vmx';
