/** MOV to and from control registers, CLTS, LMSW, SMSW (SDM 3A 2.5, SDM 2B "MOV—Move to/from Control Registers"). */
import { type Cpu, Vector } from './cpu';
import { generalProtection } from './descriptors';
import { hex, PHYSICAL_ADDRESS_BITS } from './limits';
import { isPaePaging, readPdptes, reloadCr3, setPdptes } from './paging-registers';
import { Access, Cr0, Cr4, Efer, Seg, Slot } from './state';

/** CR0 bits that exist; the others read as 0 and are ignored on writes. ET is always 1. */
const CR0_IMPLEMENTED = 0xe005003fn;

/** CR4 bits this processor implements, as CPUID says; setting any other is #GP(0). */
export const CR4_IMPLEMENTED =
  Cr4.TSD |
  Cr4.DE |
  Cr4.PSE |
  Cr4.PAE |
  Cr4.MCE |
  Cr4.PGE |
  Cr4.PCE |
  Cr4.OSFXSR |
  Cr4.OSXMMEXCPT |
  Cr4.UMIP |
  Cr4.VMXE |
  Cr4.FSGSBASE |
  Cr4.PCIDE |
  Cr4.SMEP |
  Cr4.SMAP;

/** CR4 bits whose change makes cached translations invalid (SDM 3A 4.10.4.1). */
const CR4_FLUSH = BigInt(Cr4.PSE | Cr4.PAE | Cr4.PGE | Cr4.PCIDE | Cr4.SMEP | Cr4.SMAP);
/** CR4 bits whose change reloads the PDPTEs under PAE paging (SDM 3A 4.4.1). */
const CR4_PDPTE = BigInt(Cr4.PSE | Cr4.PAE | Cr4.PGE | Cr4.SMEP);

const PG = BigInt(Cr0.PG);
const PE = BigInt(Cr0.PE);

/** MOV from CR0, CR2, CR3, CR4, CR8 into general register slot `gpr`. */
export function movFromCr(cpu: Cpu, cr: number, gpr: number): void {
  const s = cpu.state;
  if (!isControlRegister(cpu, cr)) {
    cpu.raise(Vector.UD, undefined, `CR${cr} does not exist.`);
    return;
  }
  if (!requireRing0(cpu, `MOV from CR${cr}`)) return;
  if ((cr === 3 || cr === 8) && cpu.intercepts.readCr(cr, gpr)) return;
  if (cr === 0 || cr === 4) {
    const value = cpu.intercepts.visibleCr(cr, s.u64[cr === 0 ? Slot.CR0 : Slot.CR4]);
    s.u64[gpr] = cpu.code64 ? value : value & 0xffffffffn;
    return;
  }
  const slot = cr === 2 ? Slot.CR2 : cr === 3 ? Slot.CR3 : Slot.CR8;
  s.setHalves(gpr, s.low(slot), cpu.code64 ? s.high(slot) : 0);
}

/** MOV from general register slot `gpr` to a control register. False after a fault, exit or stop. */
export function movToCr(cpu: Cpu, cr: number, gpr: number): boolean {
  if (!isControlRegister(cpu, cr)) {
    cpu.raise(Vector.UD, undefined, `CR${cr} does not exist.`);
    return false;
  }
  if (!requireRing0(cpu, `MOV to CR${cr}`)) return false;
  const s = cpu.state;
  const value = cpu.code64 ? s.u64[gpr] : s.u64[gpr] & 0xffffffffn;
  if (cr !== 2 && cpu.intercepts.writeCr(cr, value, { kind: 'mov', gpr })) return false;
  switch (cr) {
    case 0:
      return setCr0(cpu, cpu.intercepts.loaded(0, value, s.u64[Slot.CR0]));
    case 2:
      s.u64[Slot.CR2] = value;
      return true;
    case 3:
      return setCr3(cpu, value);
    case 4:
      return setCr4(cpu, cpu.intercepts.loaded(4, value, s.u64[Slot.CR4]));
    default:
      if (value > 15n) return generalProtection(cpu, `MOV to CR8: ${hex(value)} has reserved bits set.`);
      s.u64[Slot.CR8] = value;
      cpu.attention();
      return true;
  }
}

function isControlRegister(cpu: Cpu, cr: number): boolean {
  return cr === 0 || cr === 2 || cr === 3 || cr === 4 || (cr === 8 && cpu.code64);
}

/** Raises #GP(0) unless CPL is 0. */
export function requireRing0(cpu: Cpu, what: string): boolean {
  return cpu.cpl === 0 || generalProtection(cpu, `${what} at CPL ${cpu.cpl}; it needs CPL 0.`);
}

/** Loads CR0 with all checks and consequences (SDM 3A 9.8.5 for IA-32e mode). */
export function setCr0(cpu: Cpu, wanted: bigint): boolean {
  const s = cpu.state;
  const old = s.u64[Slot.CR0];
  const bad = (why: string) => generalProtection(cpu, `MOV to CR0, value ${hex(wanted)}: ${why}.`);
  if (wanted >> 32n) return bad('bits 63:32 must be 0');
  const value = (wanted & CR0_IMPLEMENTED) | BigInt(Cr0.ET);
  if (value & PG && !(value & PE)) return bad('PG needs PE');
  if (value & BigInt(Cr0.NW) && !(value & BigInt(Cr0.CD))) return bad('NW needs CD');
  if (Number(value & BigInt(cpu.cr0Required >>> 0)) !== cpu.cr0Required >>> 0)
    return bad(`VMX operation requires the bits ${hex(cpu.cr0Required)} to be 1`);

  const efer = s.low(Slot.EFER);
  const enabling = (value & ~old & PG) !== 0n;
  const disabling = (old & ~value & PG) !== 0n;
  const long = efer & Efer.LME;
  if (enabling && long) {
    if (!cpu.cr4(Cr4.PAE)) return bad('enabling IA-32e paging needs CR4.PAE');
    if (s.access(Seg.CS) & Access.L) return bad('enabling IA-32e mode from a code segment with L set');
    if (!(s.access(Seg.TR) & 8)) return bad('enabling IA-32e mode with a 16-bit TSS in TR');
  }
  if (disabling) {
    if (cpu.code64) return bad('paging cannot be disabled in 64-bit mode');
    if (cpu.cr4(Cr4.PCIDE)) return bad('paging cannot be disabled while CR4.PCIDE is set');
  }
  const newEfer = (efer & ~Efer.LMA) | (long && value & PG ? Efer.LMA : 0);
  const reload = ((value ^ old) & (PG | BigInt(Cr0.CD | Cr0.NW))) !== 0n;
  if (reload && isPaePaging(Number(value), s.low(Slot.CR4), newEfer)) {
    const entries = readPdptes(cpu, s.u64[Slot.CR3]);
    if (!entries) return false;
    setPdptes(cpu, entries);
  }
  // Leaving protected mode the CPL becomes 0, entering it starts at 0 (SDM 3A 9.9).
  if ((value ^ old) & PE) setStackDpl(cpu, 0);
  s.u64[Slot.CR0] = value;
  s.setLow(Slot.EFER, newEfer);
  if ((value ^ old) & (PG | PE | BigInt(Cr0.WP))) cpu.mmu.flush(true);
  cpu.modeChanged();
  cpu.attention();
  return true;
}

function setStackDpl(cpu: Cpu, dpl: number): void {
  const value = cpu.state.segment(Seg.SS);
  value.access = (value.access & ~(3 << Access.DPL_SHIFT)) | (dpl << Access.DPL_SHIFT);
  cpu.state.setSegment(Seg.SS, value);
}

/** Loads CR3 (SDM 3A 4.10.4.1: bit 63 with PCIDE asks to keep translations; we may drop them anyway). */
function setCr3(cpu: Cpu, wanted: bigint): boolean {
  const pcid = cpu.cr4(Cr4.PCIDE);
  const value = pcid ? BigInt.asUintN(63, wanted) : wanted;
  if (cpu.longMode && value >> BigInt(PHYSICAL_ADDRESS_BITS))
    return generalProtection(
      cpu,
      `MOV to CR3, value ${hex(wanted)}: bits beyond the ${PHYSICAL_ADDRESS_BITS}-bit physical address are set.`,
    );
  return reloadCr3(cpu, value);
}

/** Loads CR4 with all checks and consequences. */
export function setCr4(cpu: Cpu, value: bigint): boolean {
  const s = cpu.state;
  const old = s.u64[Slot.CR4];
  const bad = (why: string) => generalProtection(cpu, `MOV to CR4, value ${hex(value)}: ${why}.`);
  const reserved = value & ~BigInt(CR4_IMPLEMENTED);
  if (reserved) return bad(`the bits ${hex(reserved)} are reserved on this processor`);
  if (Number(value & BigInt(cpu.cr4Required >>> 0)) !== cpu.cr4Required >>> 0)
    return bad(`VMX operation requires the bits ${hex(cpu.cr4Required)} to be 1`);
  if (cpu.longMode && !(value & BigInt(Cr4.PAE))) return bad('PAE cannot be cleared in IA-32e mode');
  if (value & ~old & BigInt(Cr4.PCIDE)) {
    if (!cpu.longMode) return bad('PCIDE can be set only in IA-32e mode');
    if (s.u64[Slot.CR3] & 0xfffn) return bad('PCIDE can be set only while CR3[11:0] is 0');
  }
  if ((value ^ old) & CR4_PDPTE && isPaePaging(s.low(Slot.CR0), Number(value), s.low(Slot.EFER))) {
    const entries = readPdptes(cpu, s.u64[Slot.CR3]);
    if (!entries) return false;
    setPdptes(cpu, entries);
  }
  s.u64[Slot.CR4] = value;
  if ((value ^ old) & CR4_FLUSH) cpu.mmu.flush(true);
  cpu.modeChanged();
  return true;
}

/** CLTS. */
export function clearTaskSwitched(cpu: Cpu): void {
  if (!requireRing0(cpu, 'CLTS')) return;
  if (cpu.intercepts.writeCr(0, 0n, { kind: 'clts' })) return;
  const s = cpu.state;
  const old = s.u64[Slot.CR0];
  s.u64[Slot.CR0] = cpu.intercepts.loaded(0, old & ~BigInt(Cr0.TS), old);
  cpu.modeChanged();
}

/** LMSW: PE, MP, EM, TS from `word`; PE cannot be cleared. False after a fault or exit. */
export function loadMachineStatus(cpu: Cpu, word: number, linear?: bigint): boolean {
  if (!requireRing0(cpu, 'LMSW')) return false;
  const how = linear === undefined ? ({ kind: 'lmsw' } as const) : ({ kind: 'lmsw', linear } as const);
  if (cpu.intercepts.writeCr(0, BigInt(word & 0xffff), how)) return false;
  const old = cpu.state.u64[Slot.CR0];
  const value = (old & ~0xen) | BigInt(word & 0xf);
  return setCr0(cpu, cpu.intercepts.loaded(0, value, old));
}

/** CR0's low part as SMSW stores it; undefined after raising (CR4.UMIP, SDM 3A 2.5). */
export function storeMachineStatus(cpu: Cpu): bigint | undefined {
  if (!checkUmip(cpu, 'SMSW')) return undefined;
  return cpu.intercepts.visibleCr(0, cpu.state.u64[Slot.CR0]);
}

/** Raises #GP(0) for SGDT, SIDT, SLDT, STR, SMSW above ring 0 when CR4.UMIP is set. */
export function checkUmip(cpu: Cpu, what: string): boolean {
  if (cpu.cpl === 0 || !cpu.cr4(Cr4.UMIP)) return true;
  return generalProtection(cpu, `${what} at CPL ${cpu.cpl} while CR4.UMIP is set.`);
}
