/** SYSCALL, SYSRET, SYSENTER, SYSEXIT (SDM 2B; SDM 3A 5.8.7–5.8.8). */
import { readRflags, writeRflags } from '../ir/flags';
import { type Cpu, Vector } from './cpu';
import { generalProtection } from './descriptors';
import { advanceRip, hex, isCanonicalHigh } from './limits';
import { Access, Efer, Flag, Seg, Slot } from './state';

const R11 = Slot.R8 + 3;

/** What all four load: flat, accessed, present, 4 GiB. */
function setFlat(cpu: Cpu, seg: Seg.CS | Seg.SS, selector: number, ring: number, code64: boolean): void {
  const size = code64 ? Access.L : Access.DB;
  const type = seg === Seg.CS ? 0xb : 3;
  const access = type | Access.S | (ring << Access.DPL_SHIFT) | Access.P | Access.G | size;
  cpu.state.setSegmentFields(seg, selector, 0, 0xffffffff, access);
}

function setCodeAndStack(cpu: Cpu, cs: number, ss: number, ring: number, code64: boolean): void {
  setFlat(cpu, Seg.CS, (cs & 0xfffc) | ring, ring, code64);
  setFlat(cpu, Seg.SS, (ss & 0xfffc) | ring, ring, false);
  cpu.segmentsChanged();
}

function requireSyscall(cpu: Cpu, name: string): boolean {
  if (cpu.code64 && cpu.state.low(Slot.EFER) & Efer.SCE) return true;
  cpu.raise(Vector.UD, undefined, `${name} needs 64-bit mode and EFER.SCE.`);
  return false;
}

/** SYSCALL. Sets RIP. */
export function syscall(cpu: Cpu): void {
  if (!requireSyscall(cpu, 'SYSCALL')) return;
  const s = cpu.state;
  const flags = readRflags(s) & ~Flag.RF;
  advanceRip(cpu);
  s.copy(Slot.RCX, Slot.RIP);
  s.setLow(R11, flags);
  s.copy(Slot.RIP, Slot.LSTAR);
  writeRflags(s, flags & ~s.low(Slot.FMASK));
  const selector = s.high(Slot.STAR) & 0xffff;
  setCodeAndStack(cpu, selector, (selector & 0xfffc) + 8, 0, true);
}

/** SYSRET with a 32- or 64-bit operand. Sets RIP. */
export function sysret(cpu: Cpu, to64: boolean): void {
  if (!requireSyscall(cpu, 'SYSRET')) return;
  if (cpu.cpl !== 0) {
    generalProtection(cpu, `SYSRET at CPL ${cpu.cpl}; it needs CPL 0.`);
    return;
  }
  const s = cpu.state;
  if (to64 && !isCanonicalHigh(s.high(Slot.RCX))) {
    generalProtection(cpu, `SYSRET: RCX = ${hex(s.u64[Slot.RCX])} is not canonical.`);
    return;
  }
  const selector = s.high(Slot.STAR) >>> 16;
  s.setHalves(Slot.RIP, s.low(Slot.RCX), to64 ? s.high(Slot.RCX) : 0);
  const old = s.low(Slot.RFLAGS);
  writeRflags(s, s.low(R11) & 0x3c7fd7 & ~Flag.RF);
  setCodeAndStack(cpu, to64 ? selector + 16 : selector, selector + 8, 3, to64);
  cpu.flagsLoaded(old);
}

function sysenterSelector(cpu: Cpu, name: string): number | undefined {
  const selector = cpu.state.low(Slot.SYSENTER_CS) & 0xffff;
  if (!cpu.realMode && selector & 0xfffc) return selector;
  const why = cpu.realMode ? 'in real-address mode' : 'while IA32_SYSENTER_CS holds a null selector';
  generalProtection(cpu, `${name} ${why}.`);
  return undefined;
}

/** SYSENTER. Sets RIP and RSP. */
export function sysenter(cpu: Cpu): void {
  const selector = sysenterSelector(cpu, 'SYSENTER');
  if (selector === undefined) return;
  const s = cpu.state;
  const long = cpu.longMode;
  writeRflags(s, readRflags(s) & ~(Flag.IF | Flag.VM));
  s.setHalves(Slot.RSP, s.low(Slot.SYSENTER_ESP), long ? s.high(Slot.SYSENTER_ESP) : 0);
  s.setHalves(Slot.RIP, s.low(Slot.SYSENTER_EIP), long ? s.high(Slot.SYSENTER_EIP) : 0);
  setCodeAndStack(cpu, selector, (selector & 0xfffc) + 8, 0, long);
}

/** SYSEXIT with a 32- or 64-bit operand. Sets RIP and RSP. */
export function sysexit(cpu: Cpu, to64: boolean): void {
  const selector = sysenterSelector(cpu, 'SYSEXIT');
  if (selector === undefined) return;
  const s = cpu.state;
  if (cpu.cpl !== 0) {
    generalProtection(cpu, `SYSEXIT at CPL ${cpu.cpl}; it needs CPL 0.`);
    return;
  }
  if (to64 && !(isCanonicalHigh(s.high(Slot.RCX)) && isCanonicalHigh(s.high(Slot.RDX)))) {
    generalProtection(
      cpu,
      `SYSEXIT: RCX = ${hex(s.u64[Slot.RCX])} or RDX = ${hex(s.u64[Slot.RDX])} is not canonical.`,
    );
    return;
  }
  s.setHalves(Slot.RSP, s.low(Slot.RCX), to64 ? s.high(Slot.RCX) : 0);
  s.setHalves(Slot.RIP, s.low(Slot.RDX), to64 ? s.high(Slot.RDX) : 0);
  const cs = (selector & 0xfffc) + (to64 ? 32 : 16);
  setCodeAndStack(cpu, cs, cs + 8, 3, to64);
}
