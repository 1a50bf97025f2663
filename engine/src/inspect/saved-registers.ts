import { Access, Efer, Seg, type SegmentValue } from '../cpu/state';
import type { ContextId } from '../records';
import type { Vmx } from '../virtualization/vmx';
import { cpuMode, type RegisterSnapshot } from './registers';

/** Nothing is known of a register: a null, unusable segment. */
const UNKNOWN_SEGMENT: SegmentValue = { selector: 0, base: 0n, limit: 0, access: Access.UNUSABLE };

/** Registers of a context that does not run, as far as the current VMCS, or its own, holds them. */
export function savedRegisters(vmx: Vmx, context: ContextId): RegisterSnapshot {
  const saved = context === 'host' ? vmx.savedHostState() : vmx.savedGuestState(pointerOf(context));
  const gpr: (bigint | undefined)[] = new Array(16).fill(undefined);
  if (!saved) {
    return {
      gpr,
      rip: 0n,
      rflags: 0n,
      segments: new Array(8).fill(UNKNOWN_SEGMENT),
      gdtr: { base: 0n, limit: 0 },
      idtr: { base: 0n, limit: 0 },
      system: {},
      cpl: 0,
      mode: 'real-address',
      root: context === 'host',
      vmx: true,
      activity: 'unknown',
    };
  }
  const { cr0, cr3, cr4, efer, segments, rip, rflags, rsp, gdtr, idtr } = saved;
  gpr[4] = rsp;
  const lma = efer & BigInt(Efer.LMA) ? efer : 0n;
  return {
    gpr,
    rip,
    rflags,
    segments,
    gdtr,
    idtr,
    system: { cr0, cr3, cr4, efer },
    cpl: (segments[Seg.SS].access >> Access.DPL_SHIFT) & 3,
    mode: cpuMode(cr0, lma, rflags, segments[Seg.CS].access),
    root: context === 'host',
    vmx: true,
    activity: 'not running',
  };
}

/** VMCS pointer of a guest context. */
export function pointerOf(context: ContextId): bigint {
  return BigInt(`0x${context.slice('vmcs:'.length)}`);
}
