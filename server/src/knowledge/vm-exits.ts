/**
 * How instructions leave a guest: Intel VMX (SDM vol. 3, 26.1.2 "Instructions
 * That Cause VM Exits Unconditionally" and 26.1.3 "Instructions That Cause VM
 * Exits Conditionally", section numbers of the 2023 editions) and AMD SVM (APM
 * vol. 2, 15.9 "Instruction Intercepts" and appendix C, the exit codes).
 */
export interface ExitFacts {
  /** What VMX non-root operation does with it. */
  vmx?: { always: boolean; reason: number; when: string };
  /** What an SVM guest does with it. */
  svm?: { always: boolean; code: number; when: string };
}

const always = (reason: number, when = ''): ExitFacts['vmx'] => ({ always: true, reason, when });
const when = (reason: number, condition: string): ExitFacts['vmx'] => ({
  always: false,
  reason,
  when: condition,
});
const intercept = (code: number, name: string): ExitFacts['svm'] => ({ always: false, code, when: name });

const IO: ExitFacts = {
  vmx: when(
    30,
    'the port’s bit in the I/O bitmaps is 1 (*use I/O bitmaps*), or, without bitmaps, *unconditional I/O exiting* is 1',
  ),
  svm: intercept(0x7b, 'IOIO_PROT and the port’s bit in the I/O permission map'),
};
const DESCRIPTOR = '*descriptor-table exiting* is 1 (secondary controls)';
const MSR_BITMAPS =
  '*use MSR bitmaps* is 0, ECX lies outside 0–1FFFh and C0000000h–C0001FFFh, or the MSR’s bit in the bitmap is 1';
const TASK_GATE = 'goes through a task gate or TSS: a task switch always exits';
const VMX_ONLY = ' (a nested hypervisor would emulate it)';

/** By mnemonic; `mov cr`, `mov dr` and their directions have keys of their own. */
export const VM_EXITS: Readonly<Record<string, ExitFacts>> = {
  cpuid: { vmx: always(10), svm: intercept(0x72, 'CPUID') },
  getsec: { vmx: always(11) },
  invd: { vmx: always(13), svm: intercept(0x76, 'INVD') },
  xsetbv: { vmx: always(55), svm: intercept(0x8d, 'XSETBV') },
  vmcall: { vmx: always(18, 'the hypercall of Intel processors') },
  vmclear: { vmx: always(19, VMX_ONLY) },
  vmlaunch: { vmx: always(20, VMX_ONLY) },
  vmptrld: { vmx: always(21, VMX_ONLY) },
  vmptrst: { vmx: always(22, VMX_ONLY) },
  vmresume: { vmx: always(24, VMX_ONLY) },
  vmxoff: { vmx: always(26, VMX_ONLY) },
  vmxon: { vmx: always(27, VMX_ONLY) },
  invept: { vmx: always(50, VMX_ONLY) },
  invvpid: { vmx: always(53, VMX_ONLY) },
  vmread: { vmx: when(23, '*VMCS shadowing* is 0, or the field’s bit in the VMREAD bitmap is 1') },
  vmwrite: { vmx: when(25, '*VMCS shadowing* is 0, or the field’s bit in the VMWRITE bitmap is 1') },
  vmfunc: { vmx: when(59, 'the function in EAX is not enabled in the VM-function controls, or fails') },
  hlt: { vmx: when(12, '*HLT exiting* is 1 (primary controls)'), svm: intercept(0x78, 'HLT') },
  invlpg: { vmx: when(14, '*INVLPG exiting* is 1 (primary controls)'), svm: intercept(0x79, 'INVLPG') },
  invpcid: {
    vmx: when(58, '*INVLPG exiting* and *enable INVPCID* are both 1'),
    svm: intercept(0xa2, 'INVPCID'),
  },
  rdpmc: { vmx: when(15, '*RDPMC exiting* is 1 (primary controls)'), svm: intercept(0x6f, 'RDPMC') },
  rdtsc: { vmx: when(16, '*RDTSC exiting* is 1 (primary controls)'), svm: intercept(0x6e, 'RDTSC') },
  rdtscp: {
    vmx: when(51, '*RDTSC exiting* and *enable RDTSCP* are both 1; #UD where *enable RDTSCP* is 0'),
    svm: intercept(0x87, 'RDTSCP'),
  },
  rsm: {
    vmx: when(17, 'executed in system-management mode under the dual-monitor treatment'),
    svm: intercept(0x73, 'RSM'),
  },
  pause: {
    vmx: when(
      40,
      '*PAUSE exiting* is 1, or a loop of them takes longer than the PLE window (*PAUSE-loop exiting*, ring 0)',
    ),
    svm: intercept(0x77, 'PAUSE (with its filter count)'),
  },
  monitor: { vmx: when(39, '*MONITOR exiting* is 1 (primary controls)'), svm: intercept(0x8a, 'MONITOR') },
  monitorx: { svm: intercept(0x8a, 'MONITOR') },
  mwait: { vmx: when(36, '*MWAIT exiting* is 1 (primary controls)'), svm: intercept(0x8b, 'MWAIT') },
  mwaitx: { svm: intercept(0x8b, 'MWAIT') },
  umwait: { vmx: when(67, '*RDTSC exiting* and *enable user wait and pause* are both 1') },
  tpause: { vmx: when(68, '*RDTSC exiting* and *enable user wait and pause* are both 1') },
  wbinvd: { vmx: when(54, '*WBINVD exiting* is 1 (secondary controls)'), svm: intercept(0x89, 'WBINVD') },
  wbnoinvd: { vmx: when(54, '*WBINVD exiting* is 1 (secondary controls)'), svm: intercept(0x89, 'WBINVD') },
  rdmsr: {
    vmx: when(31, MSR_BITMAPS),
    svm: intercept(0x7c, 'MSR_PROT and the MSR’s bit in the permission map'),
  },
  wrmsr: {
    vmx: when(32, MSR_BITMAPS),
    svm: intercept(0x7c, 'MSR_PROT and the MSR’s bit in the permission map'),
  },
  rdrand: { vmx: when(57, '*RDRAND exiting* is 1 (secondary controls)') },
  rdseed: { vmx: when(61, '*RDSEED exiting* is 1 (secondary controls)') },
  xsaves: {
    vmx: when(
      63,
      '*enable XSAVES/XRSTORS* is 1 and a requested component’s bit in the XSS-exiting bitmap is 1',
    ),
  },
  xrstors: {
    vmx: when(
      64,
      '*enable XSAVES/XRSTORS* is 1 and a requested component’s bit in the XSS-exiting bitmap is 1',
    ),
  },
  encls: { vmx: when(60, '*enable ENCLS exiting* is 1 and the leaf’s bit in the ENCLS-exiting bitmap is 1') },
  enclv: { vmx: when(70, '*enable ENCLV exiting* is 1 and the leaf’s bit in the ENCLV-exiting bitmap is 1') },
  loadiwkey: { vmx: when(69, '*LOADIWKEY exiting* is 1 (tertiary controls)') },
  enqcmd: { vmx: when(72, '*PASID translation* is 1 and the PASID cannot be translated') },
  enqcmds: { vmx: when(73, '*PASID translation* is 1 and the PASID cannot be translated') },
  sgdt: { vmx: when(46, DESCRIPTOR), svm: intercept(0x67, 'GDTR_READ') },
  sidt: { vmx: when(46, DESCRIPTOR), svm: intercept(0x66, 'IDTR_READ') },
  lgdt: { vmx: when(46, DESCRIPTOR), svm: intercept(0x6b, 'GDTR_WRITE') },
  lidt: { vmx: when(46, DESCRIPTOR), svm: intercept(0x6a, 'IDTR_WRITE') },
  sldt: { vmx: when(47, DESCRIPTOR), svm: intercept(0x68, 'LDTR_READ') },
  lldt: { vmx: when(47, DESCRIPTOR), svm: intercept(0x6c, 'LDTR_WRITE') },
  str: { vmx: when(47, DESCRIPTOR), svm: intercept(0x69, 'TR_READ') },
  ltr: { vmx: when(47, DESCRIPTOR), svm: intercept(0x6d, 'TR_WRITE') },
  clts: {
    vmx: when(28, 'CR0.TS is set in the CR0 guest/host mask and in the CR0 read shadow'),
    svm: intercept(0x10, 'CR0 write'),
  },
  lmsw: {
    vmx: when(
      28,
      'it would change a bit of CR0[3:0] that the CR0 guest/host mask gives to the host (PE only if it sets it)',
    ),
    svm: intercept(0x65, 'CR0 write, or selective CR0 write (bits other than TS and MP)'),
  },
  smsw: { svm: intercept(0x00, 'CR0 read; under VMX it reads the CR0 read shadow') },
  'mov to cr0': {
    vmx: when(
      28,
      'the value differs from the CR0 read shadow in a bit that the CR0 guest/host mask gives to the host',
    ),
    svm: intercept(0x10, 'CR0 write, or selective CR0 write (bits other than TS and MP)'),
  },
  'mov to cr3': {
    vmx: when(28, '*CR3-load exiting* is 1 and the value is none of the CR3-target values'),
    svm: intercept(0x13, 'CR3 write'),
  },
  'mov to cr4': {
    vmx: when(
      28,
      'the value differs from the CR4 read shadow in a bit that the CR4 guest/host mask gives to the host',
    ),
    svm: intercept(0x14, 'CR4 write'),
  },
  'mov to cr8': {
    vmx: when(28, '*CR8-load exiting* is 1 (primary controls)'),
    svm: intercept(0x18, 'CR8 write'),
  },
  'mov to cr2': { svm: intercept(0x12, 'CR2 write') },
  'mov from cr0': {
    svm: intercept(0x00, 'CR0 read; under VMX it never exits: bits of the mask come from the read shadow'),
  },
  'mov from cr2': { svm: intercept(0x02, 'CR2 read') },
  'mov from cr3': {
    vmx: when(28, '*CR3-store exiting* is 1 (primary controls)'),
    svm: intercept(0x03, 'CR3 read'),
  },
  'mov from cr4': {
    svm: intercept(0x04, 'CR4 read; under VMX it never exits: bits of the mask come from the read shadow'),
  },
  'mov from cr8': {
    vmx: when(28, '*CR8-store exiting* is 1 (primary controls)'),
    svm: intercept(0x08, 'CR8 read'),
  },
  'mov to dr': {
    vmx: when(29, '*MOV-DR exiting* is 1 (primary controls)'),
    svm: intercept(0x30, 'DR write'),
  },
  'mov from dr': {
    vmx: when(29, '*MOV-DR exiting* is 1 (primary controls)'),
    svm: intercept(0x20, 'DR read'),
  },
  in: IO,
  out: IO,
  insb: IO,
  insw: IO,
  insd: IO,
  outsb: IO,
  outsw: IO,
  outsd: IO,
  int3: {
    vmx: when(0, 'bit 3 (#BP) of the exception bitmap is 1'),
    svm: intercept(0x43, 'exception 3 (#BP)'),
  },
  int1: {
    vmx: when(0, 'bit 1 (#DB) of the exception bitmap is 1'),
    svm: intercept(0x88, 'ICEBP, or exception 1 (#DB)'),
  },
  into: {
    vmx: when(0, 'OF is 1 and bit 4 (#OF) of the exception bitmap is 1'),
    svm: intercept(0x44, 'exception 4 (#OF)'),
  },
  bound: {
    vmx: when(0, 'out of bounds and bit 5 (#BR) of the exception bitmap is 1'),
    svm: intercept(0x45, 'exception 5 (#BR)'),
  },
  ud0: {
    vmx: when(0, 'bit 6 (#UD) of the exception bitmap is 1'),
    svm: intercept(0x46, 'exception 6 (#UD)'),
  },
  ud1: {
    vmx: when(0, 'bit 6 (#UD) of the exception bitmap is 1'),
    svm: intercept(0x46, 'exception 6 (#UD)'),
  },
  ud2: {
    vmx: when(0, 'bit 6 (#UD) of the exception bitmap is 1'),
    svm: intercept(0x46, 'exception 6 (#UD)'),
  },
  int: { vmx: when(9, `it ${TASK_GATE}`), svm: intercept(0x75, 'INTn') },
  iret: { vmx: when(9, `it ${TASK_GATE}`), svm: intercept(0x74, 'IRET') },
  iretd: { vmx: when(9, `it ${TASK_GATE}`), svm: intercept(0x74, 'IRET') },
  iretq: { svm: intercept(0x74, 'IRET') },
  pushf: { svm: intercept(0x70, 'PUSHF') },
  pushfd: { svm: intercept(0x70, 'PUSHF') },
  pushfq: { svm: intercept(0x70, 'PUSHF') },
  popf: { svm: intercept(0x71, 'POPF') },
  popfd: { svm: intercept(0x71, 'POPF') },
  popfq: { svm: intercept(0x71, 'POPF') },
  call: { vmx: when(9, `it is a far call and ${TASK_GATE}`) },
  jmp: { vmx: when(9, `it is a far jump and ${TASK_GATE}`) },
  wrmsrns: {
    vmx: when(32, MSR_BITMAPS),
    svm: intercept(0x7c, 'MSR_PROT and the MSR’s bit in the permission map'),
  },
  rdmsrlist: { vmx: when(78, 'a listed MSR is intercepted, as by RDMSR') },
  wrmsrlist: { vmx: when(79, 'a listed MSR is intercepted, as by WRMSR') },
  pconfig: { vmx: when(65, '*enable PCONFIG* is 1 and the leaf’s bit in the PCONFIG-exiting bitmap is 1') },
  seamcall: { vmx: always(76) },
  tdcall: { vmx: always(77) },
  vmgexit: { svm: { always: true, code: 0x403, when: 'the call of an SEV-ES guest' } },
  vmrun: { svm: { always: true, code: 0x80, when: 'VMRUN has to be intercepted, VMRUN checks it' } },
  vmmcall: { svm: intercept(0x81, 'VMMCALL, the hypercall of AMD processors; #UD when not intercepted') },
  vmload: { svm: intercept(0x82, 'VMLOAD') },
  vmsave: { svm: intercept(0x83, 'VMSAVE') },
  stgi: { svm: intercept(0x84, 'STGI') },
  clgi: { svm: intercept(0x85, 'CLGI') },
  skinit: { svm: intercept(0x86, 'SKINIT') },
  invlpga: { svm: intercept(0x7a, 'INVLPGA') },
  invlpgb: { svm: intercept(0xa0, 'INVLPGB') },
  tlbsync: { svm: intercept(0xa4, 'TLBSYNC') },
  rdpru: { svm: intercept(0x8e, 'RDPRU') },
  mcommit: { svm: intercept(0xa3, 'MCOMMIT') },
};

/** Names of the VMX basic exit reasons used here (SDM vol. 3, appendix C). */
export const EXIT_REASONS: Readonly<Record<number, string>> = {
  0: 'exception or NMI',
  9: 'task switch',
  10: 'CPUID',
  11: 'GETSEC',
  12: 'HLT',
  13: 'INVD',
  14: 'INVLPG',
  15: 'RDPMC',
  16: 'RDTSC',
  17: 'RSM',
  18: 'VMCALL',
  19: 'VMCLEAR',
  20: 'VMLAUNCH',
  21: 'VMPTRLD',
  22: 'VMPTRST',
  23: 'VMREAD',
  24: 'VMRESUME',
  25: 'VMWRITE',
  26: 'VMXOFF',
  27: 'VMXON',
  28: 'control-register access',
  29: 'MOV DR',
  30: 'I/O instruction',
  31: 'RDMSR',
  32: 'WRMSR',
  36: 'MWAIT',
  39: 'MONITOR',
  40: 'PAUSE',
  46: 'access to GDTR or IDTR',
  47: 'access to LDTR or TR',
  48: 'EPT violation',
  50: 'INVEPT',
  51: 'RDTSCP',
  53: 'INVVPID',
  54: 'WBINVD or WBNOINVD',
  55: 'XSETBV',
  57: 'RDRAND',
  58: 'INVPCID',
  59: 'VMFUNC',
  60: 'ENCLS',
  61: 'RDSEED',
  63: 'XSAVES',
  64: 'XRSTORS',
  65: 'PCONFIG',
  67: 'UMWAIT',
  68: 'TPAUSE',
  69: 'LOADIWKEY',
  70: 'ENCLV',
  72: 'ENQCMD PASID translation failure',
  73: 'ENQCMDS PASID translation failure',
  76: 'SEAMCALL',
  77: 'TDCALL',
  78: 'RDMSRLIST',
  79: 'WRMSRLIST',
};

/** Other names of the same instructions. */
const SYNONYMS: Readonly<Record<string, string>> = {
  icebp: 'int1',
  int01: 'int1',
  int03: 'int3',
  ud2a: 'ud2',
  ud2b: 'ud1',
  iretw: 'iret',
  pushfw: 'pushf',
  popfw: 'popf',
  xsaves64: 'xsaves',
  xrstors64: 'xrstors',
};

/** The key of {@link VM_EXITS} for an instruction with its operands' registers. */
export function exitKey(mnemonic: string, registers: readonly (string | undefined)[]): string {
  if (mnemonic !== 'mov') return Object.hasOwn(SYNONYMS, mnemonic) ? SYNONYMS[mnemonic] : mnemonic;
  const [to, from] = registers;
  if (to && /^cr\d+$/.test(to)) return `mov to ${to}`;
  if (from && /^cr\d+$/.test(from)) return `mov from ${from}`;
  if (to && /^dr\d+$/.test(to)) return 'mov to dr';
  if (from && /^dr\d+$/.test(from)) return 'mov from dr';
  return mnemonic;
}
