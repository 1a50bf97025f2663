import { type ContextId, Slot, type Term } from '@hyperstep/engine';
import type { ContextKind } from '../sources/source-index';

const VMX_MODE: Term = { kind: 'register', slot: Slot.VMX_MODE };
const VMCS_POINTER: Term = { kind: 'register', slot: Slot.VMCS_POINTER };

const equal = (left: Term, value: bigint): Term => ({
  kind: 'binary',
  operator: 'equal',
  left,
  right: { kind: 'constant', value },
});

/** Whether a context of the kind runs, or one of its own: `Cpu.context` as a term. */
function contextTerm(kind: ContextKind, context: ContextId | undefined): Term {
  const nonRoot = equal(VMX_MODE, 2n);
  if (context === 'host' || (!context && kind === 'host')) return { kind: 'zero', of: nonRoot };
  return context ? both(nonRoot, equal(VMCS_POINTER, BigInt(`0x${context.slice('vmcs:'.length)}`))) : nonRoot;
}

/** A breakpoint's term for the machine: the context runs and the condition, as far as there is one, holds. */
export function whenTerm(kind: ContextKind, context: ContextId | undefined, condition?: Term): Term {
  const here = contextTerm(kind, context);
  return condition ? both(here, condition) : here;
}

const both = (test: Term, yes: Term): Term => ({
  kind: 'choice',
  test,
  yes,
  no: { kind: 'constant', value: 0n },
});
