import { encode } from '../encode';
import type { InstructionStatement } from '../encode/statement';
import type { DataItem } from '../parse/data';
import { isConstant, type Linear } from '../parse/evaluate';
import type { Expression } from '../parse/expression';
import type { Body, Statement } from '../parse/statement';
import type { Token } from '../text/token';
import type { Layout } from './layout';
import {
  Act,
  type Dependencies,
  dependencies,
  isSettled,
  operandDependencies,
  Program,
  type Step,
  targetOf,
} from './program';
import type { Section } from './section';

/** Lengths of a jump's two forms, by what they depend on. */
const jumps = new Map<string, { short: number; near: number }>();

function jumpLengths(layout: Layout, instruction: InstructionStatement) {
  const key = `${layout.bits} ${instruction.mnemonic} ${instruction.prefixes.join(' ')}`;
  const known = jumps.get(key);
  if (known) return known;
  const length = (minimumBranch: 'short' | 'near') => {
    const target = { kind: 'immediate' as const, value: { value: 0n, forward: false, address: true } };
    const result = encode(
      { ...instruction, operands: [target] },
      { bits: layout.bits, address: 0n, defaultRel: false, minimumBranch },
    );
    return result.ok ? result.encoding.bytes.length : 0;
  };
  const made = { short: length('short'), near: length('near') };
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

  /** The statement was assembled; `parent` is what local labels hung on before it. */
  statement(statement: Statement, parent: string): void {
    const { layout } = this;
    const { label, body } = statement;
    if (body.kind === 'instruction' && !layout.defaultSeen) this.program.inherits = true;
    const failed = layout.reporter.errors !== this.#errors || statement.complaint !== undefined;
    if (failed || layout.absolute || layout.section !== this.#section) {
      this.#whole(statement, parent);
      return;
    }
    if (body.kind === 'equ') {
      if (!isConstant(body.value)) this.#whole(statement, parent);
      else this.program.add(Act.Constant).symbol = layout.lastDefined;
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
    else if (kind === Act.Settled) this.#settled(statement, length);
    else if (kind === Act.Branch) this.#branch(statement, body as Extract<Body, { kind: 'instruction' }>);
    else this.#sized(statement, body as Extract<Body, { kind: 'instruction' }>, length);
  }

  #whole(statement: Statement, parent: string): void {
    const step = this.#measure(this.program.add(Act.Statement));
    step.source = statement;
    step.parent = parent;
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
        return to && !/^\.\.[^@]/.test(to.name) ? Act.Branch : Act.Statement;
      }
      default:
        return Act.Statement;
    }
  }

  #branch(statement: Statement, body: Extract<Body, { kind: 'instruction' }>): void {
    const { layout } = this;
    const step = this.#measure(this.program.add(Act.Branch));
    step.source = statement;
    step.parent = layout.parent;
    const to = targetOf(body.operands[0].value!)!;
    const lengths = jumpLengths(layout, layout.lastInstruction!);
    step.length = lengths.short;
    const { prefixes } = body;
    step.more = {
      name: layout.fullName(to.name),
      addend: to.addend,
      near: lengths.near,
      wide: (layout.bits !== 16 || prefixes.includes('o32')) && !prefixes.includes('o16'),
      ordinal: layout.ordinal,
    };
  }

  #sized(statement: Statement, body: Extract<Body, { kind: 'instruction' }>, length: number): void {
    const { layout } = this;
    if (isSettled(layout.lastInstruction!)) {
      this.#settled(statement, length);
      return;
    }
    const step = this.#measure(this.program.add(Act.Sized));
    const { names, here } = operandDependencies(body.operands);
    step.source = statement;
    step.parent = layout.parent;
    step.length = length;
    step.more = {
      names: names.map((n) => layout.fullName(n)),
      symbols: undefined,
      restless: here,
      pass: layout.pass,
    };
  }
}
