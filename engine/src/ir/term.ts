/**
 * Values that a breakpoint's condition is made of, as lift/term.ts turns them
 * into micro-ops. They have 64 bits; nothing here can fault or change anything.
 */
export type Term =
  | { kind: 'constant'; value: bigint }
  /** A slot of the register file (cpu/state.ts), whole; not RIP, RFLAGS or the flags' operands, which follow. */
  | { kind: 'register'; slot: number }
  | { kind: 'rip' }
  | { kind: 'rflags' }
  /** The current privilege level. */
  | { kind: 'cpl' }
  /** Bits `shift` … `shift + bits − 1` of a value, 64 at most. */
  | { kind: 'part'; of: Term; shift: number; bits: number }
  /** So many bytes at a linear address, zero-extended; without a number: the mode's word. */
  | { kind: 'memory'; bytes?: 1 | 2 | 4 | 8; address: Term }
  /** 1 if the value is 0, else 0. */
  | { kind: 'zero'; of: Term }
  | { kind: 'binary'; operator: BinaryOperator; left: Term; right: Term }
  /** Division by a constant that is not 0; signed, the quotient rounds toward zero (2^63 by −1 gives 2^63). */
  | { kind: 'divide'; of: Term; by: bigint; wanted: 'quotient' | 'remainder'; signed: boolean }
  /** `yes` if `test` is not 0, else `no`; the other one is not looked at. */
  | { kind: 'choice'; test: Term; yes: Term; no: Term };

/** Comparisons give 1 or 0; a shift by 64 or more moves everything out. */
export type BinaryOperator =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'and'
  | 'or'
  | 'xor'
  | 'shift left'
  | 'shift right'
  | 'shift right signed'
  | 'equal'
  | 'less'
  | 'less signed';

/** Longer terms are not worth it, and blocks must not become too long (execution/block-store.ts). */
const MAX_MICRO_OPS = 80;

/** Temporaries that a term may take. */
const MAX_TEMPORARIES = 40;

/** Whether lift/term.ts can turn a term into micro-ops. */
export function isCompilable(term: Term): boolean {
  const { microOps, temporaries } = measure(term);
  return microOps <= MAX_MICRO_OPS && temporaries <= MAX_TEMPORARIES;
}

/** The micro-ops of a term, and the temporaries that it takes at once besides the one for its value; at most. */
function measure(term: Term): { microOps: number; temporaries: number } {
  switch (term.kind) {
    case 'part':
    case 'zero':
    case 'memory': {
      const { microOps, temporaries } = measure(term.kind === 'memory' ? term.address : term.of);
      return { microOps: microOps + 3, temporaries: Math.max(temporaries, 1) };
    }
    case 'divide': {
      const { microOps, temporaries } = measure(term.of);
      return { microOps: microOps + 16, temporaries: Math.max(temporaries + 2, 3) };
    }
    case 'binary': {
      const left = measure(term.left);
      const right = measure(term.right);
      return {
        microOps: left.microOps + right.microOps + (term.operator.startsWith('shift') ? 5 : 1),
        temporaries: Math.max(left.temporaries, right.temporaries + 1, 3),
      };
    }
    case 'choice': {
      const parts = [term.test, term.yes, term.no].map(measure);
      return {
        microOps: parts.reduce((sum, part) => sum + part.microOps, 2),
        temporaries: Math.max(...parts.map((part) => part.temporaries)),
      };
    }
    default:
      return { microOps: 2, temporaries: 0 };
  }
}
