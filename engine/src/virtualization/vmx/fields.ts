/**
 * The VMCS's fields (SDM 3C 25.4–25.9, Appendix B): encoding, the manual's
 * name, and whether the processor has it. An encoding says itself how wide a
 * field is and of which kind (SDM 3C 25.11.2 Table 25-21).
 */

/** Field encodings in the order of SDM 3C Appendix B. */
export const enum F {
  // 16-bit control (B.1.1)
  VPID = 0x0000,
  POSTED_INTERRUPT_VECTOR = 0x0002,
  EPTP_INDEX = 0x0004,
  // 16-bit guest state (B.1.2)
  GUEST_ES_SELECTOR = 0x0800,
  GUEST_CS_SELECTOR = 0x0802,
  GUEST_SS_SELECTOR = 0x0804,
  GUEST_DS_SELECTOR = 0x0806,
  GUEST_FS_SELECTOR = 0x0808,
  GUEST_GS_SELECTOR = 0x080a,
  GUEST_LDTR_SELECTOR = 0x080c,
  GUEST_TR_SELECTOR = 0x080e,
  GUEST_INTERRUPT_STATUS = 0x0810,
  PML_INDEX = 0x0812,
  // 16-bit host state (B.1.3)
  HOST_ES_SELECTOR = 0x0c00,
  HOST_CS_SELECTOR = 0x0c02,
  HOST_SS_SELECTOR = 0x0c04,
  HOST_DS_SELECTOR = 0x0c06,
  HOST_FS_SELECTOR = 0x0c08,
  HOST_GS_SELECTOR = 0x0c0a,
  HOST_TR_SELECTOR = 0x0c0c,
  // 64-bit control (B.2.1)
  IO_BITMAP_A = 0x2000,
  IO_BITMAP_B = 0x2002,
  MSR_BITMAP = 0x2004,
  EXIT_MSR_STORE_ADDRESS = 0x2006,
  EXIT_MSR_LOAD_ADDRESS = 0x2008,
  ENTRY_MSR_LOAD_ADDRESS = 0x200a,
  EXECUTIVE_VMCS = 0x200c,
  PML_ADDRESS = 0x200e,
  TSC_OFFSET = 0x2010,
  VIRTUAL_APIC_ADDRESS = 0x2012,
  APIC_ACCESS_ADDRESS = 0x2014,
  POSTED_INTERRUPT_DESCRIPTOR = 0x2016,
  VM_FUNCTION_CONTROLS = 0x2018,
  EPT_POINTER = 0x201a,
  EOI_EXIT_BITMAP_0 = 0x201c,
  EOI_EXIT_BITMAP_1 = 0x201e,
  EOI_EXIT_BITMAP_2 = 0x2020,
  EOI_EXIT_BITMAP_3 = 0x2022,
  EPTP_LIST_ADDRESS = 0x2024,
  VMREAD_BITMAP = 0x2026,
  VMWRITE_BITMAP = 0x2028,
  VIRTUALIZATION_EXCEPTION_ADDRESS = 0x202a,
  XSS_EXITING_BITMAP = 0x202c,
  ENCLS_EXITING_BITMAP = 0x202e,
  SPP_TABLE_POINTER = 0x2030,
  TSC_MULTIPLIER = 0x2032,
  // 64-bit read-only data (B.2.2)
  GUEST_PHYSICAL_ADDRESS = 0x2400,
  // 64-bit guest state (B.2.3)
  VMCS_LINK_POINTER = 0x2800,
  GUEST_DEBUGCTL = 0x2802,
  GUEST_PAT = 0x2804,
  GUEST_EFER = 0x2806,
  GUEST_PERF_GLOBAL_CTRL = 0x2808,
  GUEST_PDPTE0 = 0x280a,
  GUEST_PDPTE1 = 0x280c,
  GUEST_PDPTE2 = 0x280e,
  GUEST_PDPTE3 = 0x2810,
  GUEST_BNDCFGS = 0x2812,
  // 64-bit host state (B.2.4)
  HOST_PAT = 0x2c00,
  HOST_EFER = 0x2c02,
  HOST_PERF_GLOBAL_CTRL = 0x2c04,
  // 32-bit control (B.3.1)
  PIN_CONTROLS = 0x4000,
  PRIMARY_CONTROLS = 0x4002,
  EXCEPTION_BITMAP = 0x4004,
  PF_ERROR_CODE_MASK = 0x4006,
  PF_ERROR_CODE_MATCH = 0x4008,
  CR3_TARGET_COUNT = 0x400a,
  EXIT_CONTROLS = 0x400c,
  EXIT_MSR_STORE_COUNT = 0x400e,
  EXIT_MSR_LOAD_COUNT = 0x4010,
  ENTRY_CONTROLS = 0x4012,
  ENTRY_MSR_LOAD_COUNT = 0x4014,
  ENTRY_INTERRUPTION = 0x4016,
  ENTRY_ERROR_CODE = 0x4018,
  ENTRY_INSTRUCTION_LENGTH = 0x401a,
  TPR_THRESHOLD = 0x401c,
  SECONDARY_CONTROLS = 0x401e,
  PLE_GAP = 0x4020,
  PLE_WINDOW = 0x4022,
  // 32-bit read-only data (B.3.2)
  INSTRUCTION_ERROR = 0x4400,
  EXIT_REASON = 0x4402,
  EXIT_INTERRUPTION = 0x4404,
  EXIT_ERROR_CODE = 0x4406,
  IDT_VECTORING = 0x4408,
  IDT_ERROR_CODE = 0x440a,
  EXIT_INSTRUCTION_LENGTH = 0x440c,
  EXIT_INSTRUCTION_INFO = 0x440e,
  // 32-bit guest state (B.3.3)
  GUEST_ES_LIMIT = 0x4800,
  GUEST_CS_LIMIT = 0x4802,
  GUEST_SS_LIMIT = 0x4804,
  GUEST_DS_LIMIT = 0x4806,
  GUEST_FS_LIMIT = 0x4808,
  GUEST_GS_LIMIT = 0x480a,
  GUEST_LDTR_LIMIT = 0x480c,
  GUEST_TR_LIMIT = 0x480e,
  GUEST_GDTR_LIMIT = 0x4810,
  GUEST_IDTR_LIMIT = 0x4812,
  GUEST_ES_ACCESS = 0x4814,
  GUEST_CS_ACCESS = 0x4816,
  GUEST_SS_ACCESS = 0x4818,
  GUEST_DS_ACCESS = 0x481a,
  GUEST_FS_ACCESS = 0x481c,
  GUEST_GS_ACCESS = 0x481e,
  GUEST_LDTR_ACCESS = 0x4820,
  GUEST_TR_ACCESS = 0x4822,
  GUEST_INTERRUPTIBILITY = 0x4824,
  GUEST_ACTIVITY = 0x4826,
  GUEST_SMBASE = 0x4828,
  GUEST_SYSENTER_CS = 0x482a,
  PREEMPTION_TIMER = 0x482e,
  // 32-bit host state (B.3.4)
  HOST_SYSENTER_CS = 0x4c00,
  // natural-width control (B.4.1)
  CR0_MASK = 0x6000,
  CR4_MASK = 0x6002,
  CR0_SHADOW = 0x6004,
  CR4_SHADOW = 0x6006,
  CR3_TARGET_0 = 0x6008,
  CR3_TARGET_1 = 0x600a,
  CR3_TARGET_2 = 0x600c,
  CR3_TARGET_3 = 0x600e,
  // natural-width read-only data (B.4.2)
  EXIT_QUALIFICATION = 0x6400,
  IO_RCX = 0x6402,
  IO_RSI = 0x6404,
  IO_RDI = 0x6406,
  IO_RIP = 0x6408,
  GUEST_LINEAR_ADDRESS = 0x640a,
  // natural-width guest state (B.4.3)
  GUEST_CR0 = 0x6800,
  GUEST_CR3 = 0x6802,
  GUEST_CR4 = 0x6804,
  GUEST_ES_BASE = 0x6806,
  GUEST_CS_BASE = 0x6808,
  GUEST_SS_BASE = 0x680a,
  GUEST_DS_BASE = 0x680c,
  GUEST_FS_BASE = 0x680e,
  GUEST_GS_BASE = 0x6810,
  GUEST_LDTR_BASE = 0x6812,
  GUEST_TR_BASE = 0x6814,
  GUEST_GDTR_BASE = 0x6816,
  GUEST_IDTR_BASE = 0x6818,
  GUEST_DR7 = 0x681a,
  GUEST_RSP = 0x681c,
  GUEST_RIP = 0x681e,
  GUEST_RFLAGS = 0x6820,
  GUEST_PENDING_DEBUG = 0x6822,
  GUEST_SYSENTER_ESP = 0x6824,
  GUEST_SYSENTER_EIP = 0x6826,
  // natural-width host state (B.4.4)
  HOST_CR0 = 0x6c00,
  HOST_CR3 = 0x6c02,
  HOST_CR4 = 0x6c04,
  HOST_FS_BASE = 0x6c06,
  HOST_GS_BASE = 0x6c08,
  HOST_TR_BASE = 0x6c0a,
  HOST_GDTR_BASE = 0x6c0c,
  HOST_IDTR_BASE = 0x6c0e,
  HOST_SYSENTER_ESP = 0x6c10,
  HOST_SYSENTER_EIP = 0x6c12,
  HOST_RSP = 0x6c14,
  HOST_RIP = 0x6c16,
}

export type FieldWidth = 16 | 32 | 64 | 'natural';
export type FieldKind = 'control' | 'read-only' | 'guest' | 'host';

/** A control whose 1-setting must be supported for a field to exist. */
export interface FieldCondition {
  /** The manual's name of the control. */
  control: string;
  word: 'pin' | 'secondary' | 'primary' | 'exit' | 'entry';
  bit: number;
}

/** One VMCS field. */
export interface VmcsField {
  encoding: number;
  /** As in SDM 3C Appendix B. */
  name: string;
  width: FieldWidth;
  kind: FieldKind;
  readOnly: boolean;
  /** Absent: every processor with VMX has the field. */
  condition?: FieldCondition;
  /** Byte offset inside our VMCS region. */
  offset: number;
}

/** Bytes of a VMCS region before the fields: revision, abort indicator, launch state and our own words. */
const HEADER = 32;

const condition = (word: FieldCondition['word'], bit: number, control: string): FieldCondition => ({
  control,
  word,
  bit,
});
const TPR_SHADOW = condition('primary', 21, 'use TPR shadow');
const POSTED = condition('pin', 7, 'process posted interrupts');
const VIRTUAL_INTERRUPTS = condition('secondary', 9, 'virtual-interrupt delivery');
const VE = condition('secondary', 18, 'EPT-violation #VE');
const PML = condition('secondary', 17, 'enable PML');
const VMFUNC = condition('secondary', 13, 'enable VM functions');
const SHADOWING = condition('secondary', 14, 'VMCS shadowing');
const EPT = condition('secondary', 1, 'enable EPT');
const PLE = condition('secondary', 10, 'PAUSE-loop exiting');
const GLOBAL_CTRL = condition('entry', 13, 'load IA32_PERF_GLOBAL_CTRL');

type Row = [encoding: number, name: string, condition?: FieldCondition];

/** The eight (or, for the host, seven) segment registers in the order of the encodings. */
const SEGMENTS = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS', 'LDTR', 'TR'];
const perSegment = (first: number, name: (segment: string) => string, segments = SEGMENTS): Row[] =>
  segments.map((segment, i) => [first + i * 2, name(segment)]);
const numbered = (first: number, count: number, name: string, when?: FieldCondition): Row[] =>
  Array.from({ length: count }, (_, i) => [first + i * 2, `${name}${i}`, when]);

const ROWS: Row[] = [
  [F.VPID, 'Virtual-processor identifier (VPID)', condition('secondary', 5, 'enable VPID')],
  [F.POSTED_INTERRUPT_VECTOR, 'Posted-interrupt notification vector', POSTED],
  [F.EPTP_INDEX, 'EPTP index', VE],
  ...perSegment(F.GUEST_ES_SELECTOR, (s) => `Guest ${s} selector`),
  [F.GUEST_INTERRUPT_STATUS, 'Guest interrupt status', VIRTUAL_INTERRUPTS],
  [F.PML_INDEX, 'PML index', PML],
  ...perSegment(
    F.HOST_ES_SELECTOR,
    (s) => `Host ${s} selector`,
    SEGMENTS.filter((s) => s !== 'LDTR'),
  ),
  [F.IO_BITMAP_A, 'Address of I/O bitmap A'],
  [F.IO_BITMAP_B, 'Address of I/O bitmap B'],
  [F.MSR_BITMAP, 'Address of MSR bitmaps', condition('primary', 28, 'use MSR bitmaps')],
  [F.EXIT_MSR_STORE_ADDRESS, 'VM-exit MSR-store address'],
  [F.EXIT_MSR_LOAD_ADDRESS, 'VM-exit MSR-load address'],
  [F.ENTRY_MSR_LOAD_ADDRESS, 'VM-entry MSR-load address'],
  [F.EXECUTIVE_VMCS, 'Executive-VMCS pointer'],
  [F.PML_ADDRESS, 'PML address', PML],
  [F.TSC_OFFSET, 'TSC offset'],
  [F.VIRTUAL_APIC_ADDRESS, 'Virtual-APIC address', TPR_SHADOW],
  [F.APIC_ACCESS_ADDRESS, 'APIC-access address', condition('secondary', 0, 'virtualize APIC accesses')],
  [F.POSTED_INTERRUPT_DESCRIPTOR, 'Posted-interrupt descriptor address', POSTED],
  [F.VM_FUNCTION_CONTROLS, 'VM-function controls', VMFUNC],
  [F.EPT_POINTER, 'EPT pointer (EPTP)', EPT],
  ...numbered(F.EOI_EXIT_BITMAP_0, 4, 'EOI-exit bitmap ', VIRTUAL_INTERRUPTS),
  [F.EPTP_LIST_ADDRESS, 'EPTP-list address', VMFUNC],
  [F.VMREAD_BITMAP, 'VMREAD-bitmap address', SHADOWING],
  [F.VMWRITE_BITMAP, 'VMWRITE-bitmap address', SHADOWING],
  [F.VIRTUALIZATION_EXCEPTION_ADDRESS, 'Virtualization-exception information address', VE],
  [F.XSS_EXITING_BITMAP, 'XSS-exiting bitmap', condition('secondary', 20, 'enable XSAVES/XRSTORS')],
  [F.ENCLS_EXITING_BITMAP, 'ENCLS-exiting bitmap', condition('secondary', 15, 'enable ENCLS exiting')],
  [
    F.SPP_TABLE_POINTER,
    'Sub-page-permission-table pointer',
    condition('secondary', 23, 'sub-page write permissions for EPT'),
  ],
  [F.TSC_MULTIPLIER, 'TSC multiplier', condition('secondary', 25, 'use TSC scaling')],
  [F.GUEST_PHYSICAL_ADDRESS, 'Guest-physical address', EPT],
  [F.VMCS_LINK_POINTER, 'VMCS link pointer'],
  [F.GUEST_DEBUGCTL, 'Guest IA32_DEBUGCTL'],
  [F.GUEST_PAT, 'Guest IA32_PAT', condition('entry', 14, 'load IA32_PAT')],
  [F.GUEST_EFER, 'Guest IA32_EFER', condition('entry', 15, 'load IA32_EFER')],
  [F.GUEST_PERF_GLOBAL_CTRL, 'Guest IA32_PERF_GLOBAL_CTRL', GLOBAL_CTRL],
  ...numbered(F.GUEST_PDPTE0, 4, 'Guest PDPTE', EPT),
  [F.GUEST_BNDCFGS, 'Guest IA32_BNDCFGS', condition('entry', 16, 'load IA32_BNDCFGS')],
  [F.HOST_PAT, 'Host IA32_PAT', condition('exit', 19, 'load IA32_PAT')],
  [F.HOST_EFER, 'Host IA32_EFER', condition('exit', 21, 'load IA32_EFER')],
  [F.HOST_PERF_GLOBAL_CTRL, 'Host IA32_PERF_GLOBAL_CTRL', GLOBAL_CTRL],
  [F.PIN_CONTROLS, 'Pin-based VM-execution controls'],
  [F.PRIMARY_CONTROLS, 'Primary processor-based VM-execution controls'],
  [F.EXCEPTION_BITMAP, 'Exception bitmap'],
  [F.PF_ERROR_CODE_MASK, 'Page-fault error-code mask'],
  [F.PF_ERROR_CODE_MATCH, 'Page-fault error-code match'],
  [F.CR3_TARGET_COUNT, 'CR3-target count'],
  [F.EXIT_CONTROLS, 'Primary VM-exit controls'],
  [F.EXIT_MSR_STORE_COUNT, 'VM-exit MSR-store count'],
  [F.EXIT_MSR_LOAD_COUNT, 'VM-exit MSR-load count'],
  [F.ENTRY_CONTROLS, 'VM-entry controls'],
  [F.ENTRY_MSR_LOAD_COUNT, 'VM-entry MSR-load count'],
  [F.ENTRY_INTERRUPTION, 'VM-entry interruption-information field'],
  [F.ENTRY_ERROR_CODE, 'VM-entry exception error code'],
  [F.ENTRY_INSTRUCTION_LENGTH, 'VM-entry instruction length'],
  [F.TPR_THRESHOLD, 'TPR threshold', TPR_SHADOW],
  [
    F.SECONDARY_CONTROLS,
    'Secondary processor-based VM-execution controls',
    condition('primary', 31, 'activate secondary controls'),
  ],
  [F.PLE_GAP, 'PLE_Gap', PLE],
  [F.PLE_WINDOW, 'PLE_Window', PLE],
  [F.INSTRUCTION_ERROR, 'VM-instruction error'],
  [F.EXIT_REASON, 'Exit reason'],
  [F.EXIT_INTERRUPTION, 'VM-exit interruption information'],
  [F.EXIT_ERROR_CODE, 'VM-exit interruption error code'],
  [F.IDT_VECTORING, 'IDT-vectoring information field'],
  [F.IDT_ERROR_CODE, 'IDT-vectoring error code'],
  [F.EXIT_INSTRUCTION_LENGTH, 'VM-exit instruction length'],
  [F.EXIT_INSTRUCTION_INFO, 'VM-exit instruction information'],
  ...perSegment(F.GUEST_ES_LIMIT, (s) => `Guest ${s} limit`),
  [F.GUEST_GDTR_LIMIT, 'Guest GDTR limit'],
  [F.GUEST_IDTR_LIMIT, 'Guest IDTR limit'],
  ...perSegment(F.GUEST_ES_ACCESS, (s) => `Guest ${s} access rights`),
  [F.GUEST_INTERRUPTIBILITY, 'Guest interruptibility state'],
  [F.GUEST_ACTIVITY, 'Guest activity state'],
  [F.GUEST_SMBASE, 'Guest SMBASE'],
  [F.GUEST_SYSENTER_CS, 'Guest IA32_SYSENTER_CS'],
  [F.PREEMPTION_TIMER, 'VMX-preemption timer value', condition('pin', 6, 'activate VMX-preemption timer')],
  [F.HOST_SYSENTER_CS, 'Host IA32_SYSENTER_CS'],
  [F.CR0_MASK, 'CR0 guest/host mask'],
  [F.CR4_MASK, 'CR4 guest/host mask'],
  [F.CR0_SHADOW, 'CR0 read shadow'],
  [F.CR4_SHADOW, 'CR4 read shadow'],
  ...numbered(F.CR3_TARGET_0, 4, 'CR3-target value '),
  [F.EXIT_QUALIFICATION, 'Exit qualification'],
  [F.IO_RCX, 'I/O RCX'],
  [F.IO_RSI, 'I/O RSI'],
  [F.IO_RDI, 'I/O RDI'],
  [F.IO_RIP, 'I/O RIP'],
  [F.GUEST_LINEAR_ADDRESS, 'Guest-linear address'],
  [F.GUEST_CR0, 'Guest CR0'],
  [F.GUEST_CR3, 'Guest CR3'],
  [F.GUEST_CR4, 'Guest CR4'],
  ...perSegment(F.GUEST_ES_BASE, (s) => `Guest ${s} base`),
  [F.GUEST_GDTR_BASE, 'Guest GDTR base'],
  [F.GUEST_IDTR_BASE, 'Guest IDTR base'],
  [F.GUEST_DR7, 'Guest DR7'],
  [F.GUEST_RSP, 'Guest RSP'],
  [F.GUEST_RIP, 'Guest RIP'],
  [F.GUEST_RFLAGS, 'Guest RFLAGS'],
  [F.GUEST_PENDING_DEBUG, 'Guest pending debug exceptions'],
  [F.GUEST_SYSENTER_ESP, 'Guest IA32_SYSENTER_ESP'],
  [F.GUEST_SYSENTER_EIP, 'Guest IA32_SYSENTER_EIP'],
  [F.HOST_CR0, 'Host CR0'],
  [F.HOST_CR3, 'Host CR3'],
  [F.HOST_CR4, 'Host CR4'],
  [F.HOST_FS_BASE, 'Host FS base'],
  [F.HOST_GS_BASE, 'Host GS base'],
  [F.HOST_TR_BASE, 'Host TR base'],
  [F.HOST_GDTR_BASE, 'Host GDTR base'],
  [F.HOST_IDTR_BASE, 'Host IDTR base'],
  [F.HOST_SYSENTER_ESP, 'Host IA32_SYSENTER_ESP'],
  [F.HOST_SYSENTER_EIP, 'Host IA32_SYSENTER_EIP'],
  [F.HOST_RSP, 'Host RSP'],
  [F.HOST_RIP, 'Host RIP'],
];

const WIDTHS: readonly FieldWidth[] = [16, 64, 32, 'natural'];
const KINDS: readonly FieldKind[] = ['control', 'read-only', 'guest', 'host'];

/** Every field the manual defines up to VMCS shadowing and TSC scaling, in the order of their encodings. */
export const VMCS_FIELDS: readonly VmcsField[] = ROWS.map(([encoding, name, when], index) => {
  const kind = KINDS[(encoding >> 10) & 3];
  return {
    encoding,
    name,
    width: WIDTHS[(encoding >> 13) & 3],
    kind,
    readOnly: kind === 'read-only',
    condition: when,
    offset: HEADER + index * 8,
  };
});

/** Offset in the VMCS region by encoding; 0 where there is no field. Every field has eight bytes. */
export const OFFSETS: Uint16Array = new Uint16Array(0x8000);
const BY_ENCODING = new Map<number, VmcsField>();
const BY_NAME = new Map<string, VmcsField>();
const normalized = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

for (const field of VMCS_FIELDS) {
  OFFSETS[field.encoding] = field.offset;
  BY_ENCODING.set(field.encoding, field);
  BY_NAME.set(normalized(field.name), field);
}

/** The field with this encoding (the "full" one: bit 0 clear). */
export function fieldByEncoding(encoding: number): VmcsField | undefined {
  return BY_ENCODING.get(encoding);
}

/** A field by the manual's name; case, blanks and punctuation do not matter (`guest_rip`, `Guest RIP`). */
export function fieldByName(name: string): VmcsField | undefined {
  return BY_NAME.get(normalized(name));
}

/** The manual's name of a field, or its encoding in hexadecimal. */
export function fieldName(encoding: number): string {
  return BY_ENCODING.get(encoding)?.name ?? `VMCS field 0x${encoding.toString(16)}`;
}
