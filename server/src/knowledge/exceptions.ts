import type { InstructionFacts } from './instructions';

/** Exceptions that only these instructions raise (SDM vol. 2, their own pages). */
const OWN: Readonly<Record<string, readonly string[]>> = {
  div: ['#DE'],
  idiv: ['#DE'],
  aam: ['#DE'],
  into: ['#OF'],
  bound: ['#BR'],
  int3: ['#BP'],
  int1: ['#DB'],
  icebp: ['#DB'],
  ud0: ['#UD'],
  ud1: ['#UD'],
  ud2: ['#UD'],
  int: ['#GP', '#NP', '#SS', '#TS'],
  iret: ['#GP', '#NP', '#SS', '#PF'],
  iretd: ['#GP', '#NP', '#SS', '#PF'],
  iretq: ['#GP', '#NP', '#SS', '#PF'],
  retf: ['#GP', '#NP', '#SS', '#PF'],
  ltr: ['#GP', '#NP', '#PF'],
  lldt: ['#GP', '#NP', '#PF'],
  syscall: ['#UD (EFER.SCE = 0)'],
  sysret: ['#UD (EFER.SCE = 0)', '#GP'],
  rdmsr: ['#GP (no such MSR)'],
  wrmsr: ['#GP (no such MSR or value)'],
  xsetbv: ['#GP', '#UD'],
  cli: ['#GP (CPL > IOPL)'],
  sti: ['#GP (CPL > IOPL)'],
  popf: ['#SS', '#PF'],
  rdtsc: ['#GP (CR4.TSD = 1, CPL > 0)'],
  rdtscp: ['#GP (CR4.TSD = 1, CPL > 0)', '#UD'],
  rdpmc: ['#GP'],
  vmcall: ['#UD outside VMX operation'],
  vmmcall: ['#UD when not intercepted'],
};

const VMX = /^(vm(clear|ptrld|ptrst|read|write|launch|resume|xon|xoff)|inv(ept|vpid))$/;

/** Exceptions an instruction can raise, the usual ones last. */
export function exceptionsOf(mnemonic: string, facts: InstructionFacts): string[] {
  const list = new Set<string>(OWN[mnemonic] ?? []);
  if (VMX.test(mnemonic)) {
    list.add('#UD outside VMX operation');
    list.add('#GP (CPL > 0)');
  }
  if (facts.privileged && !VMX.test(mnemonic)) list.add('#GP (CPL > 0)');
  if (facts.inputOutput) list.add('#GP (CPL > IOPL and the TSS’s I/O bitmap forbids the port)');
  const features = facts.features.join(' ');
  if (/FPU|387|287/.test(features) || /^f[a-z]/.test(mnemonic)) {
    list.add('#NM');
    list.add('#MF');
  }
  if (/MMX/.test(features)) list.add('#NM');
  if (/SSE|AVX/.test(features)) {
    list.add('#UD');
    list.add('#NM');
    if (/(ps|pd|ss|sd)$/.test(mnemonic) && !/^v?(mov|and|or|xor|unpck|shuf|blend)/.test(mnemonic))
      list.add('#XM');
    if (/^v?mov(aps|apd|dqa|nt)/.test(mnemonic)) list.add('#GP (unaligned)');
  }
  if (facts.lockable) list.add('#UD (LOCK without a memory destination)');
  if (facts.memory && mnemonic !== 'lea' && mnemonic !== 'nop') {
    list.add('#PF');
    list.add('#GP');
    list.add('#SS');
    list.add('#AC');
  } else if (facts.stack) {
    list.add('#SS');
    list.add('#PF');
    list.add('#AC');
  }
  return [...list];
}
