/** Exit qualifications in words (SDM 3C 28.2.1), for the debugger's list of exits. */
import { vectorName } from '../../cpu/interrupts';
import type { ExitRecord } from '../../records';
import { Reason } from './reasons';

const hex = (value: number | bigint) => `0x${value.toString(16)}`;

const REGISTERS = 'RAX RCX RDX RBX RSP RBP RSI RDI R8 R9 R10 R11 R12 R13 R14 R15'.split(' ');

/** Table 28-5: I/O instructions. */
function io(q: number): string {
  const size = (q & 7) + 1;
  const input = (q & 8) !== 0;
  const name = q & 16 ? `${q & 32 ? 'REP ' : ''}${input ? 'INS' : 'OUTS'}` : input ? 'IN' : 'OUT';
  return `${name} ${hex(q >>> 16)}, ${size} byte${size > 1 ? 's' : ''}`;
}

/** Table 28-3: control-register accesses. */
function crAccess(q: number): string {
  const cr = `CR${q & 15}`;
  const gpr = REGISTERS[(q >>> 8) & 15];
  switch ((q >>> 4) & 3) {
    case 0:
      return `MOV ${cr}, ${gpr}`;
    case 1:
      return `MOV ${gpr}, ${cr}`;
    case 2:
      return 'CLTS';
    default:
      return `LMSW ${hex(q >>> 16)}`;
  }
}

/** Table 28-4: MOV DR. */
function drAccess(q: number): string {
  const gpr = REGISTERS[(q >>> 8) & 15];
  return q & 16 ? `MOV ${gpr}, DR${q & 7}` : `MOV DR${q & 7}, ${gpr}`;
}

/** Table 28-2: task switches. */
function taskSwitch(q: number): string {
  return `${['CALL', 'IRET', 'JMP', 'task gate'][q >>> 30]} to TSS selector ${hex(q & 0xffff)}`;
}

/** Table 28-7: EPT violations. */
function eptViolation(q: number): string {
  const kinds: string[] = [];
  if (q & 1) kinds.push('read');
  if (q & 2) kinds.push('write');
  if (q & 4) kinds.push('fetch');
  const rights = (q >>> 3) & 7;
  const allowed = ['read', 'write', 'execute'].filter((_, i) => rights & (1 << i)).join(', ');
  const walk = q & 0x80 && !(q & 0x100) ? ' (a guest paging-structure entry)' : '';
  return `${kinds.join(' and ')}${walk}, ${rights ? `EPT allows ${allowed}` : 'not present'}`;
}

/** What an exit qualification says; empty for reasons that have none. */
export function describeQualification(reason: number, qualification: bigint): string {
  const q = Number(qualification & 0xffffffffn);
  switch (reason) {
    case Reason.IO:
      return io(q);
    case Reason.CR_ACCESS:
      return crAccess(q);
    case Reason.DR_ACCESS:
      return drAccess(q);
    case Reason.TASK_SWITCH:
      return taskSwitch(q);
    case Reason.EPT_VIOLATION:
      return eptViolation(q);
    case Reason.INVLPG:
      return `address ${hex(qualification)}`;
    case Reason.MWAIT:
      return q & 1 ? 'monitor armed' : 'monitor not armed';
    case Reason.ENTRY_GUEST_STATE:
      return ['', '', 'PDPTE loading', 'NMI injection', 'VMCS link pointer'][q] ?? '';
    case Reason.ENTRY_MSR_LOADING:
      return `entry ${q} of the MSR list`;
    default:
      return '';
  }
}

/** Vector and error code of the event that caused the exit. */
function event(info: number, errorCode: number | undefined, qualification: bigint): string {
  const vector = info & 0xff;
  const error = errorCode === undefined ? '' : `, error code ${hex(errorCode)}`;
  const address = vector === 14 && info & 0x300 ? `, address ${hex(qualification)}` : '';
  return `${vectorName(vector)}${error}${address}`;
}

/** What a record does not have, but its description needs: guest registers, error code, the walk's own words. */
export interface Circumstances {
  errorCode: number | undefined;
  explanation: string | undefined;
  rax: bigint;
  rcx: number;
  rdx: number;
}

/** What happened, in words. */
export function describeExit(
  record: ExitRecord,
  { errorCode, explanation, rax, rcx, rdx }: Circumstances,
): string {
  const { reason, qualification, interruption } = record;
  switch (reason) {
    case Reason.EXCEPTION_OR_NMI:
      return event(interruption ?? 0, errorCode, qualification);
    case Reason.EXTERNAL_INTERRUPT:
      return interruption ? `vector ${hex(interruption & 0xff)}` : '';
    case Reason.CPUID:
      return `leaf ${hex(rax & 0xffffffffn)}, subleaf ${hex(rcx)}`;
    case Reason.RDMSR:
      return `MSR ${hex(rcx)}`;
    case Reason.WRMSR:
      return `MSR ${hex(rcx)}, value ${hex((BigInt(rdx) << 32n) | (rax & 0xffffffffn))}`;
    case Reason.VMCALL:
      return `RAX ${hex(rax)}`;
    case Reason.EPT_VIOLATION:
    case Reason.EPT_MISCONFIGURATION: {
      const where = `guest-physical ${hex(record.guestPhysical ?? 0n)}`;
      const what = describeQualification(reason, qualification);
      const why = explanation ? `: ${explanation}` : '';
      return `${what ? `${what}, ` : ''}${where}${why}`;
    }
    default:
      return describeQualification(reason, qualification);
  }
}
