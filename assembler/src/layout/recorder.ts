import { encode } from '../encode';
import type { InstructionStatement } from '../encode/statement';
import type { DataItem } from '../parse/data';
import { isConstant, type Linear } from '../parse/evaluate';
import type { Expression } from '../parse/expression';
import type { Body, Statement } from '../parse/statement';
import type { SourceLine } from '../text/source';
import type { Token } from '../text/token';
import type { Layout } from './layout';
import {
  Act,
  type Dependencies,
  dependencies,
  isSettled,
  type Jump,
  operandDependencies,
  Program,
  type Step,
  targetOf,
} from './program';
import type { Section } from './section';

/** The two forms of a jump. */
interface JumpForms {
  short: number;
  near: number;
  opcodes: Jump['opcodes'];
}

/** By what they depend on. */
const jumps = new Map<string, JumpForms>();

function jumpForms(layout: Layout, instruction: InstructionStatement): JumpForms {
  const key = `${layout.bits} ${instruction.mnemonic} ${instruction.prefixes.join(' ')}`;
  const known = jumps.get(key);
  if (known) return known;
  const bytes = (minimumBranch: 'short' | 'near') => {
    const target = { kind: 'immediate' as const, value: { value: 0n, forward: false, address: true } };
    const result = encode(
      { ...instruction, operands: [target] },
      { bits: layout.bits, address: 0n, defaultRel: false, minimumBranch },
    );
    return result.ok ? result.encoding.bytes : new Uint8Array(0);
  };
  const short = bytes('short');
  const near = bytes('near');
  const plain = instruction.prefixes.length === 0 && short.length > 0 && near.length > 0;
  const opcodes = plain && {
    short: short.slice(0, -1),
    near: near.slice(0, layout.bits === 16 ? -2 : -4),
  };
  const made = { short: short.length, near: near.length, opcodes: opcodes || undefined };
  if (jumps.size > 1000) jumps.clear();
  jumps.set(key, made);
  return made;
}

/** Does the number of bytes stay the same? */
function isFixedData(items: readonly DataItem[]): boolean {
  return items.every((i) => i.kind !== 'repeat' || (isConstant(i.count) && isFixedData(i.items)));
}

/** Are the bytes the same always? */
function isConstantData(items: readonly DataItem[]): boolean {
  return items.every((i) => {
    if (i.kind === 'repeat') return isConstant(i.count) && isConstantData(i.items);
    return i.kind !== 'value' || isConstant(i.value);
  });
}

/** A symbol among the bytes of a statement. */
interface Place {
  at: number;
  width: number;
  name: string;
  addend: number;
  relative: boolean;
}

/** Collects the symbols among the bytes of data; their number, or NaN when there is more to it. */
function placesOf(items: readonly DataItem[], places: Place[]): number {
  let at = 0;
  for (const item of items) {
    if (item.kind === 'repeat') return Number.NaN;
    if (item.kind === 'bytes') at += Math.ceil(item.bytes.length / item.width) * item.width;
    else {
      if (item.kind === 'value' && !isConstant(item.value)) {
        const to = targetOf(item.value);
        const { width } = item;
        if (!to || !isOrdinary(to.name) || (width !== 1 && width !== 2 && width !== 4 && width !== 8))
          return Number.NaN;
        places.push({ at, width, ...to, relative: false });
      }
      at += item.width;
    }
  }
  return at;
}

/** The same for a `call` of a symbol. */
function callOf(body: Extract<Body, { kind: 'instruction' }>, bits: number, places: Place[]): number {
  const { value, size, strict, distance } = body.operands[0];
  if (body.mnemonic !== 'call' || body.prefixes.length > 0 || size || strict || distance) return Number.NaN;
  const to = value && targetOf(value);
  if (!to || !isOrdinary(to.name)) return Number.NaN;
  const width = bits === 16 ? 2 : 4;
  places.push({ at: 1, width, ...to, relative: true });
  return 1 + width;
}

/** Is the symbol one of the source, not one of the output format or a section's place? */
function isOrdinary(name: string): boolean {
  return !name.startsWith('section.') && !/^\.\.[^@]/.test(name);
}

/** `$` minus a symbol. */
interface DistanceExpression {
  right: Extract<Expression, { kind: 'symbol' }>;
}

function isDistance(e: Expression): e is Expression & DistanceExpression {
  return (
    e.kind === 'binary' &&
    e.op === '-' &&
    e.left.kind === 'here' &&
    e.right.kind === 'symbol' &&
    isOrdinary(e.right.name)
  );
}

/** Writes down what a pass does, for {@link replay}. */
export class Recorder {
  readonly program = new Program();
  #section!: Section;
  #offset = 0;
  #records = 0;
  #errors = 0;

  constructor(readonly layout: Layout) {}

  /** Before each statement or directive. */
  before(): void {
    const { layout } = this;
    this.#section = layout.section;
    this.#offset = layout.section.offset;
    this.#records = layout.records.count;
    this.#errors = layout.reporter.errors;
  }

  /** Notes what the statement in work made; there is at least one record that tells its line. */
  #measure(step: Step): Step {
    const { records, section } = this.layout;
    if (records.count === this.#records) records.add(section, section.offset, 0, false, this.layout.bits);
    step.records = records.count - this.#records;
    step.first = section.offset - this.#offset;
    return step;
  }

  #room(length: number): void {
    this.program.room(length, this.layout.records.count - this.#records);
  }

  /** An instruction that never changes was put down. */
  fixed(length: number): void {
    if (!this.layout.defaultSeen) this.program.inherits = true;
    if (this.layout.absolute) this.giveUp();
    else this.#room(length);
  }

  /** The directive in these tokens was followed. */
  directive(tokens: readonly Token[]): void {
    // Jumps have three forms on old processors.
    if (this.layout.cpu !== undefined) this.giveUp();
    const step = this.program.add(Act.Directive);
    step.source = tokens;
    step.parent = this.layout.parent;
  }

  /** The next pass will read other lines. */
  giveUp(): void {
    this.program.broken = true;
  }

  /** The preprocessor asked for a value that is not the same always; `value` is absent when there was none. */
  question(e: Expression, value: Linear | undefined): void {
    if (!value || value.terms.length > 0 || value.unknown) this.giveUp();
    this.program.asks = true;
    const step = this.program.add(Act.Question);
    step.source = e;
    step.answer = value?.value ?? 0n;
    step.parent = this.layout.parent;
  }

  /**
   * The statement was assembled; `parent` is what local labels hung on before
   * it. Where `line` is known the statement can be had again from there.
   */
  statement(statement: Statement, parent: string, line: SourceLine | undefined): void {
    const { layout } = this;
    const { label, body } = statement;
    if (body.kind === 'instruction' && !layout.defaultSeen) this.program.inherits = true;
    const failed = layout.reporter.errors !== this.#errors || statement.complaint !== undefined;
    if (failed || layout.absolute || layout.section !== this.#section) {
      this.#whole(statement, parent);
      return;
    }
    if (body.kind === 'equ') {
      if (isConstant(body.value)) this.program.add(Act.Constant).symbol = layout.lastDefined;
      else if (isDistance(body.value)) this.#distance(line ?? statement, body.value, parent);
      else this.#whole(statement, parent);
      return;
    }
    const times = statement.times;
    const constant = times === undefined || isConstant(times);
    const kind = constant ? this.#kindOf(statement, body) : Act.Statement;
    if (kind === Act.Statement) {
      this.#whole(statement, parent);
      return;
    }
    if (label) this.program.add(Act.Label).symbol = layout.lastDefined;
    const length = layout.section.offset - this.#offset;
    if (kind === Act.Room) this.#room(length);
    else if (kind === Act.Settled) {
      if (!times && this.#fixups(body, length)) return;
      this.#settled(statement, length);
    } else if (kind === Act.Branch)
      this.#branch(statement, body as Extract<Body, { kind: 'instruction' }>, line);
    else this.#sized(statement, body as Extract<Body, { kind: 'instruction' }>, length, line);
  }

  #whole(statement: Statement, parent: string): void {
    const step = this.#measure(this.program.add(Act.Statement));
    step.source = statement;
    step.parent = parent;
  }

  #distance(source: Statement | SourceLine, { right }: DistanceExpression, parent: string): void {
    const step = this.#measure(this.program.add(Act.Distance));
    step.source = source;
    step.parent = parent;
    step.symbol = this.layout.lastDefined;
    step.more = { name: this.layout.fullName(right.name), from: undefined };
  }

  /** Notes the symbols among the bytes, if the rest of them never changes. */
  #fixups(body: Body, length: number): boolean {
    const { layout, program } = this;
    if (layout.section.nobits) return false;
    const places: Place[] = [];
    const end =
      body.kind === 'data'
        ? placesOf(body.items, places)
        : body.kind === 'instruction' && callOf(body, layout.bits, places);
    if (end !== length) return false;
    for (const { at, width, name, addend, relative } of places)
      program.fixups.add(this.#offset + at, width, layout.fullName(name), addend, relative);
    program.room(length, layout.records.count - this.#records, places.length);
    return true;
  }

  /** The number of bytes is known for good, but not yet which they are. */
  #settled(statement: Statement, length: number): void {
    const step = this.#measure(this.program.add(Act.Settled));
    step.source = statement;
    step.parent = this.layout.parent;
    step.length = length;
  }

  #kindOf(statement: Statement, body: Body): Act {
    switch (body.kind) {
      case 'none':
        return Act.Room;
      case 'reserve':
        return isConstant(body.count) ? Act.Room : Act.Statement;
      case 'data':
        if (!isFixedData(body.items)) return Act.Statement;
        return isConstantData(body.items) ? Act.Room : Act.Settled;
      case 'incbin': {
        const all: Dependencies = { names: [], here: false };
        dependencies(body.skip, all);
        dependencies(body.length, all);
        return all.here || all.names.length > 0 ? Act.Statement : Act.Room;
      }
      case 'instruction': {
        if (body.constant) return Act.Room;
        if (statement.times) return Act.Statement;
        const target = body.operands[0];
        const branches = body.branch && body.operands.length === 1 && target.value !== undefined;
        if (!branches || target.value!.kind === 'register') return Act.Sized;
        if (this.layout.lastBranch === undefined) return Act.Settled;
        const to = targetOf(target.value!);
        return to && isOrdinary(to.name) ? Act.Branch : Act.Statement;
      }
      default:
        return Act.Statement;
    }
  }

  #branch(
    statement: Statement,
    body: Extract<Body, { kind: 'instruction' }>,
    line: SourceLine | undefined,
  ): void {
    const { layout } = this;
    const step = this.#measure(this.program.add(Act.Branch));
    step.source = statement;
    step.parent = layout.parent;
    const to = targetOf(body.operands[0].value!)!;
    const forms = jumpForms(layout, layout.lastInstruction!);
    step.length = forms.short;
    const { prefixes } = body;
    step.more = {
      name: layout.fullName(to.name),
      addend: to.addend,
      near: forms.near,
      wide: (layout.bits !== 16 || prefixes.includes('o32')) && !prefixes.includes('o16'),
      ordinal: layout.ordinal,
      opcodes: forms.opcodes,
    };
    // Only a jump to another section is assembled again.
    if (forms.opcodes) step.source = line;
  }

  #sized(
    statement: Statement,
    body: Extract<Body, { kind: 'instruction' }>,
    length: number,
    line: SourceLine | undefined,
  ): void {
    const { layout } = this;
    if (isSettled(layout.lastInstruction!)) {
      this.#settled(statement, length);
      return;
    }
    const step = this.#measure(this.program.add(Act.Sized));
    const { names, here } = operandDependencies(body.operands);
    // Mostly the numbers stay what they are, and nobody asks for it again.
    step.source = line ?? statement;
    step.parent = layout.parent;
    step.length = length;
    step.more = {
      names: names.map((n) => layout.fullName(n)),
      symbols: undefined,
      restless: here,
      stamp: layout.symbols.stamp,
      made: layout.symbols.stamp,
    };
  }
}
