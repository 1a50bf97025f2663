/** VM-instruction error numbers (SDM 3C 31.4 Table 31-1). */
export const enum VmError {
  VMCALL_IN_ROOT = 1,
  VMCLEAR_INVALID_ADDRESS = 2,
  VMCLEAR_VMXON_POINTER = 3,
  VMLAUNCH_NOT_CLEAR = 4,
  VMRESUME_NOT_LAUNCHED = 5,
  VMRESUME_AFTER_VMXOFF = 6,
  INVALID_CONTROLS = 7,
  INVALID_HOST_STATE = 8,
  VMPTRLD_INVALID_ADDRESS = 9,
  VMPTRLD_VMXON_POINTER = 10,
  VMPTRLD_REVISION = 11,
  UNSUPPORTED_FIELD = 12,
  READ_ONLY_FIELD = 13,
  VMXON_IN_ROOT = 15,
  BLOCKED_BY_MOV_SS = 26,
  INVALID_INVEPT_OPERAND = 28,
}

const TEXT: Readonly<Record<number, string>> = {
  [VmError.VMCALL_IN_ROOT]: 'VMCALL executed in VMX root operation',
  [VmError.VMCLEAR_INVALID_ADDRESS]: 'VMCLEAR with invalid physical address',
  [VmError.VMCLEAR_VMXON_POINTER]: 'VMCLEAR with VMXON pointer',
  [VmError.VMLAUNCH_NOT_CLEAR]: 'VMLAUNCH with non-clear VMCS',
  [VmError.VMRESUME_NOT_LAUNCHED]: 'VMRESUME with non-launched VMCS',
  [VmError.VMRESUME_AFTER_VMXOFF]: 'VMRESUME after VMXOFF',
  [VmError.INVALID_CONTROLS]: 'VM entry with invalid control field(s)',
  [VmError.INVALID_HOST_STATE]: 'VM entry with invalid host-state field(s)',
  [VmError.VMPTRLD_INVALID_ADDRESS]: 'VMPTRLD with invalid physical address',
  [VmError.VMPTRLD_VMXON_POINTER]: 'VMPTRLD with VMXON pointer',
  [VmError.VMPTRLD_REVISION]: 'VMPTRLD with incorrect VMCS revision identifier',
  [VmError.UNSUPPORTED_FIELD]: 'VMREAD/VMWRITE from/to unsupported VMCS component',
  [VmError.READ_ONLY_FIELD]: 'VMWRITE to read-only VMCS component',
  [VmError.VMXON_IN_ROOT]: 'VMXON executed in VMX root operation',
  [VmError.BLOCKED_BY_MOV_SS]: 'VM entry with events blocked by MOV SS',
  [VmError.INVALID_INVEPT_OPERAND]: 'invalid operand to INVEPT/INVVPID',
};

/** The manual's sentence for a VM-instruction error. */
export function describeVmError(error: number): string {
  return TEXT[error] ?? `VM-instruction error ${error}`;
}
