import type { PhysicalMemory } from '../memory/physical';
import { walk } from '../memory/walk';
import type { PagingContext, WalkAccess, WalkResult, WalkStep } from '../memory/walk-types';

const PAGE = 4096;

/** A walk with every entry it read, as the debugger shows it. Changes nothing. */
export function tracedWalk(
  physical: PhysicalMemory,
  linear: bigint,
  access: WalkAccess,
  context: PagingContext,
): { steps: WalkStep[]; result: WalkResult } {
  const steps: WalkStep[] = [];
  const result = walk(physical, linear, access, context, steps);
  return { steps, result };
}

/**
 * Host-physical pieces behind a range of linear addresses, as far as they are
 * mapped for supervisor reads: the debugger sees everything the context could.
 */
export function* pieces(
  physical: PhysicalMemory,
  linear: bigint,
  length: number,
  context: PagingContext,
): Generator<{ address: number; length: number }> {
  // SMAP would refuse user pages to a supervisor; the debugger is not the guest.
  const seeing: PagingContext = { ...context, smap: false };
  const wrap = context.mode === '4-level' ? 64 : 32;
  for (let done = 0; done < length; ) {
    const here = BigInt.asUintN(wrap, linear + BigInt(done));
    const room = Math.min(length - done, PAGE - Number(here & 0xfffn));
    const result = walk(physical, here, { kind: 'read', user: false }, seeing);
    if (!result.ok) return;
    yield { address: Number(result.hostPhysical), length: room };
    done += room;
  }
}
