import type { InstructionStatement } from '../encode/statement';
import type { Expression } from '../parse/expression';
import type { OperandSyntax, Statement } from '../parse/statement';
import type { Token } from '../text/token';
import type { Section } from './section';
import type { Definition } from './symbols';

/** What a {@link Step} does in a pass that only asks for sizes. */
export const enum Act {
  /** Bytes that depend on no symbol. */
  Room,
  /** So many bytes, whatever they will be. */
  Settled,
  /** Gives a label its value. */
  Label,
  /** Names an `equ` whose value never changes. */
  Constant,
  /** A jump to a label that is short or near. */
  Branch,
  /** Takes room that depends on the values of symbols. */
  Sized,
  /** Whatever the statement does, all of it. */
  Statement,
  Directive,
  /** A value the preprocessor asked for: as long as it stays the same, the same lines follow. */
  Question,
}

/** What a jump with two forms needs. */
export interface Jump {
  /** Full name of its target. */
  name: string;
  /** Added to the target. */
  addend: number;
  /** Bytes of the near form. */
  near: number;
  /** Distances do not wrap at 16 bits. */
  wide: boolean;
  ordinal: number;
}

/** What a size depends on. */
export interface Size {
  /** Full names, and their symbols. */
  names: readonly string[];
  symbols: (Definition | undefined)[] | undefined;
  /** It depends on the place: it is asked for in every pass. */
  restless: boolean;
  /** The pass that asked for it. */
  pass: number;
}

/** One step of the {@link Program}. One small class for all, so that the loop over them stays fast. */
export class Step {
  /** Bytes it takes; for a jump those of its short form. */
  length = 0;
  /** Bytes it took in the pass that was recorded. */
  first = 0;
  /** Records of lines it made in that pass. */
  records = 0;
  /** The label, or the jump's target. */
  symbol: Definition | undefined = undefined;
  /** The label that local ones hang on. */
  parent = '';
  /** Of a question: the answer that was given. */
  answer = 0n;
  /** What is assembled again: a statement, a directive or a question. */
  source: Statement | readonly Token[] | Expression | undefined = undefined;
  more: Jump | Size | undefined = undefined;

  constructor(public act: Act) {}

  get statement(): Statement {
    return this.source as Statement;
  }

  get jump(): Jump {
    return this.more as Jump;
  }

  get size(): Size {
    return this.more as Size;
  }
}

/** Steps kept before recording is given up. */
const MAX_STEPS = 1_000_000;

/**
 * What a pass made of the source: enough to run its layout again without the
 * preprocessor, as long as the answers to the preprocessor's questions stay the
 * same.
 */
export class Program {
  readonly steps: Step[] = [];
  /** Why it cannot be run again, if so. */
  broken = false;
  /** Some instruction stands above the first `default`: it gets what the pass before ended with. */
  inherits = false;
  /** The preprocessor asked for values. */
  asks = false;
  /** Work that running it again has cost, in tokens. */
  spent = 0;
  /** The bytes of the pass that was recorded, where that pass had nothing to say about the source. */
  bytes: Map<Section, Uint8Array> | undefined;
  /** The symbol table's generation the steps were bound to. */
  generation = -1;

  add(act: Act): Step {
    const step = new Step(act);
    if (this.steps.length >= MAX_STEPS) {
      this.broken = true;
      this.steps.length = 0;
    }
    this.steps.push(step);
    return step;
  }

  /** Bytes that never change; joins what follows each other. */
  room(length: number, records: number): void {
    if (length === 0 && records === 0) return;
    const last = this.steps[this.steps.length - 1];
    const step = last?.act === Act.Room ? last : this.add(Act.Room);
    step.length += length;
    step.records += records;
  }
}

/** What the value of an expression depends on. */
export interface Dependencies {
  names: string[];
  /** `$` or `$$`. */
  here: boolean;
}

/** Collects the symbols of an expression. */
export function dependencies(e: Expression | undefined, into: Dependencies): void {
  if (!e) return;
  switch (e.kind) {
    case 'symbol':
      into.names.push(e.name);
      return;
    case 'here':
    case 'base':
      into.here = true;
      return;
    case 'unary':
      dependencies(e.operand, into);
      return;
    case 'binary':
      dependencies(e.left, into);
      dependencies(e.right, into);
      return;
    case 'conditional':
      dependencies(e.test, into);
      dependencies(e.yes, into);
      dependencies(e.no, into);
      return;
    case 'call':
      dependencies(e.argument, into);
  }
}

/** Collects the symbols of all operands. */
export function operandDependencies(operands: readonly OperandSyntax[]): Dependencies {
  const all: Dependencies = { names: [], here: false };
  for (const o of operands) {
    dependencies(o.value, all);
    dependencies(o.offset, all);
    dependencies(o.memory?.value, all);
    dependencies(o.memory?.second, all);
  }
  return all;
}

/** A jump's target as a symbol and a number, or undefined when it is written in another way. */
export function targetOf(e: Expression): { name: string; addend: number } | undefined {
  if (e.kind === 'symbol') return { name: e.name, addend: 0 };
  if (e.kind !== 'binary' || (e.op !== '+' && e.op !== '-')) return undefined;
  if (e.left.kind !== 'symbol' || e.right.kind !== 'number') return undefined;
  const value = Number(e.right.value);
  if (!Number.isSafeInteger(value) || Math.abs(value) > 0x7fffffff) return undefined;
  return { name: e.left.name, addend: e.op === '+' ? value : -value };
}

/** Is the number of bytes known for good? It depends on numbers, never on an address. */
export function isSettled(instruction: InstructionStatement): boolean {
  for (const o of instruction.operands) {
    if (o.kind === 'register') continue;
    if (o.kind === 'far') return false;
    const value = o.kind === 'memory' ? o.displacement : o.value;
    if (value && (!value.address || value.forward)) return false;
  }
  return true;
}
