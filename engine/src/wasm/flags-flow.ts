/** What is known about the flags: inside a block, and where the blocks of a region begin. */
import { FlagsKind, Op, WORDS } from '../ir/ops';
import type { FlagsSource } from './flags';

/** What is known about the last operation that set flags. */
export type FlagsState = FlagsSource | 'unknown' | 'unreachable';

/** What must be known of a block. */
interface Followed {
  block: { code: Int32Array };
  /** Index of the word at which it ends. */
  end: number;
  successors: readonly number[];
  entry: boolean;
  flagsIn: FlagsState;
}

function meet(a: FlagsState, b: FlagsState): FlagsState {
  if (a === 'unreachable') return b;
  if (b === 'unreachable' || a === 'unknown') return a;
  if (b === 'unknown') return b;
  if (a.kind !== b.kind || (a.kind !== FlagsKind.RAW && a.size !== b.size)) return 'unknown';
  return a.plain === b.plain ? a : { ...a, plain: false };
}

/** Follows what is known about the flags through micro-ops; {@link use} is called where a condition is computed. */
export class FlagsFlow {
  private readonly landings = new Map<number, FlagsState>();
  /** Where each slot's value of this instruction comes from. */
  private readonly made = new Map<number, number>();

  constructor(
    private readonly code: Int32Array,
    public state: FlagsState,
  ) {}

  /** Before the micro-op at `at`: paths that land here join. */
  arrive(at: number): void {
    const landing = this.landings.get(at);
    if (landing === undefined) return;
    this.state = meet(this.state, landing);
    this.made.clear();
    this.landings.delete(at);
  }

  /** The micro-op at `at` has been executed. */
  pass(at: number): void {
    const { code, made } = this;
    const word = code[at];
    const [d, a, b] = [code[at + 1], code[at + 2], code[at + 3]];
    switch (word & 0xff) {
      case Op.INSN:
        made.clear();
        return;
      case Op.FLAGS: {
        const aux = word >>> 8;
        const kind = aux & 15;
        this.state = {
          kind,
          size: (aux >> 4) & 3,
          plain: kind === FlagsKind.SUB && this.isDifference(d, a, b),
        };
        return;
      }
      case Op.VMREAD:
        this.forget(d);
        this.state = { kind: FlagsKind.RAW, size: 0, plain: false };
        return;
      case Op.VMWRITE:
      case Op.SETFLAGS:
        this.state = { kind: FlagsKind.RAW, size: 0, plain: false };
        return;
      case Op.SKIPZ:
      case Op.SKIPNZ:
      case Op.SKIP: {
        const to = at + (b + 1) * WORDS;
        this.landings.set(to, meet(this.landings.get(to) ?? 'unreachable', this.state));
        if ((word & 0xff) === Op.SKIP) this.state = 'unreachable';
        return;
      }
      case Op.SUB32:
      case Op.SUB64:
        this.forget(d);
        if (d !== a && d !== b) made.set(d, at);
        return;
      default:
        this.forget(d);
    }
  }

  /** A slot may have been written: what was computed from it says nothing any more. */
  private forget(slot: number): void {
    const { code, made } = this;
    made.delete(slot);
    for (const [result, at] of made) if (code[at + 2] === slot || code[at + 3] === slot) made.delete(result);
  }

  private isDifference(result: number, a: number, b: number): boolean {
    const at = this.made.get(result);
    return at !== undefined && this.code[at + 2] === a && this.code[at + 3] === b;
  }
}

/** Whether a micro-op looks at the flags. */
export function usesFlags(op: number): boolean {
  return op === Op.COND || op === Op.JUMPCC || op === Op.GETFLAGS;
}

/** Whether a micro-op sets the flags. */
export function setsFlags(op: number): boolean {
  return op === Op.FLAGS || op === Op.SETFLAGS || op === Op.VMREAD || op === Op.VMWRITE;
}

/** State after a block. */
function through(b: Followed, state: FlagsState): FlagsState {
  const flow = new FlagsFlow(b.block.code, state);
  for (let at = 0; at < b.end; at += WORDS) {
    flow.arrive(at);
    flow.pass(at);
  }
  // A skip may land where a cut block ends.
  flow.arrive(b.end);
  return flow.state;
}

/** What is known where a block begins: nothing at entries, elsewhere what all blocks before it agree on. */
export function knowFlags(blocks: Followed[]): void {
  const before: number[][] = blocks.map(() => []);
  blocks.forEach((b, i) => {
    for (const to of b.successors) before[to].push(i);
  });
  const states: FlagsState[] = blocks.map((b) => (b.entry ? 'unknown' : 'unreachable'));
  for (let changed = true; changed; ) {
    changed = false;
    const outs = blocks.map((b, i) => through(b, states[i]));
    blocks.forEach((b, i) => {
      if (b.entry) return;
      const state = before[i].reduce<FlagsState>((s, p) => meet(s, outs[p]), 'unreachable');
      if (!same(state, states[i])) {
        states[i] = state;
        changed = true;
      }
    });
  }
  blocks.forEach((b, i) => {
    b.flagsIn = states[i] === 'unreachable' ? 'unknown' : states[i];
  });
}

function same(a: FlagsState, b: FlagsState): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.kind === b.kind && a.size === b.size && a.plain === b.plain;
}
