import type { InstructionStatement } from '../encode/statement';
import type { Expression } from '../parse/expression';
import { type OperandSyntax, parseStatement, type Statement } from '../parse/statement';
import { SourceLine } from '../text/source';
import type { Token } from '../text/token';
import { Fixups } from './fixups';
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
  /** Names an `equ` that is `$` minus a label. */
  Distance,
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
  /** The two forms without their distances; undefined when the statement has to be assembled again. */
  opcodes: { short: Uint8Array; near: Uint8Array } | undefined;
}

/** What a size depends on. */
export interface Size {
  /** Full names, and their symbols. */
  names: readonly string[];
  symbols: (Definition | undefined)[] | undefined;
  /** It depends on the place: it is asked for in every pass. */
  restless: boolean;
  /** When it was asked for last, on the clock of the symbols. */
  stamp: number;
  /** When the recorded bytes were made. */
  made: number;
}

/** From where an `equ` counts. */
export interface Distance {
  /** Full name of the label. */
  name: string;
  from: Definition | undefined;
}

/** One step of the {@link Program}. One small class for all, so that the loop over them stays fast. */
export class Step {
  /** Bytes it takes; for a jump those of its short form. */
  length = 0;
  /** Bytes it took in the pass that was recorded. */
  first = 0;
  /** Records of lines it made in that pass. */
  records = 0;
  /** Fixups among its bytes. */
  fixups = 0;
  /** The label, the `equ`, or the jump's target. */
  symbol: Definition | undefined = undefined;
  /** The label that local ones hang on. */
  parent = '';
  /** Of a question: the answer that was given. */
  answer = 0n;
  /** What is assembled again: a statement or the line it stands in, a directive or a question. */
  source: Statement | SourceLine | readonly Token[] | Expression | undefined = undefined;
  more: Jump | Size | Distance | undefined = undefined;

  constructor(public act: Act) {}

  get statement(): Statement {
    if (this.source instanceof SourceLine) this.source = parseStatement(this.source.read());
    return this.source as Statement;
  }

  get jump(): Jump {
    return this.more as Jump;
  }

  get size(): Size {
    return this.more as Size;
  }

  get distance(): Distance {
    return this.more as Distance;
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
  /** Symbols among the bytes of {@link Act.Room}, in the order of the steps. */
  readonly fixups = new Fixups();
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

  /** Bytes that never change, apart from fixups; joins what follows each other. */
  room(length: number, records: number, fixups = 0): void {
    if (length === 0 && records === 0) return;
    const last = this.steps[this.steps.length - 1];
    const step = last?.act === Act.Room ? last : this.add(Act.Room);
    step.length += length;
    step.records += records;
    step.fixups += fixups;
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

/** Numbers up to this are added as such. */
const LARGEST = 0x7fffffff;

/** The value of small numbers added and multiplied; undefined for anything else. */
function constantOf(e: Expression): number | undefined {
  if (e.kind === 'number') {
    const value = Number(e.value);
    return Math.abs(value) <= LARGEST ? value : undefined;
  }
  if (e.kind !== 'binary' || (e.op !== '+' && e.op !== '-' && e.op !== '*')) return undefined;
  const left = constantOf(e.left);
  const right = constantOf(e.right);
  if (left === undefined || right === undefined) return undefined;
  const value = e.op === '*' ? left * right : e.op === '+' ? left + right : left - right;
  return Math.abs(value) <= LARGEST ? value : undefined;
}

/** A symbol and a number added to it, or undefined when the expression is written in another way. */
export function targetOf(e: Expression): { name: string; addend: number } | undefined {
  if (e.kind === 'symbol') return { name: e.name, addend: 0 };
  if (e.kind !== 'binary' || (e.op !== '+' && e.op !== '-')) return undefined;
  const to = targetOf(e.left);
  const number = to && constantOf(e.right);
  if (number === undefined) return undefined;
  const addend = e.op === '+' ? to!.addend + number : to!.addend - number;
  return Math.abs(addend) <= LARGEST ? { name: to!.name, addend } : undefined;
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
