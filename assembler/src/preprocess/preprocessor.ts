import { Complaint, rangeOf } from '../diagnostics';
import { MAX_NESTING } from '../limits';
import type { SourceFile, SourceLine } from '../text/source';
import { directiveOf } from '../text/source';
import { stringBytes } from '../text/string';
import { Kind, type Token } from '../text/token';
import { conditional, isConditional, parseRange } from './conditionals';
import { DEFINE, type Handler, takeName } from './define';
import { enterFile, FLOW, repeatCount } from './flow';
import { FUNCTIONS, MAY_BE_FUNCTION } from './functions';
import { callMulti, endsEmpty, expandParameters, leaveFrame, splitParameters } from './multi-line';
import { pasteText } from './paste';
import { expandSingles, nameLocals } from './single-line';
import { type Condition, ensure, Frame, type MultiMacro, type State } from './state';
import { Twins } from './twins';

/** A line for the assembler proper. */
export interface ExpandedLine {
  /** Absent when they are those of `source`, and what was parsed from them is known. */
  tokens: readonly Token[] | undefined;
  /** Set when no macro changed the line: what is parsed from it can be kept there. */
  source: SourceLine | undefined;
}

/** A `%macro` or `%rep` whose body is being collected. */
interface Collecting {
  kind: 'macro' | 'rep';
  depth: number;
  lines: SourceLine[];
  at: Token;
  macro?: MultiMacro;
  count: number;
}

const OPENS_MACRO = new Set(['macro', 'imacro', 'rmacro', 'irmacro']);
const CLOSES_MACRO = new Set(['endmacro', 'endm']);

/** Stands for the next line while there is none yet: {@link State.pause}. */
export const PAUSED: ExpandedLine = { tokens: [], source: undefined };

/** What reading a line counts as, in tokens. */
const LINE = 3;

/** Delivers the lines of one pass. */
export class Preprocessor {
  #collecting: Collecting | undefined;
  /** Lines that macros leave alone, by their text. */
  readonly #twins = new Twins();
  #sought: SourceLine | undefined;

  constructor(readonly state: State) {
    state.functions = FUNCTIONS;
  }

  /** Starts with this file. */
  start(file: SourceFile): void {
    enterFile(this.state, file, undefined);
  }

  /** The next line to assemble, or undefined when the pass is over, or {@link PAUSED}. */
  next(): ExpandedLine | undefined {
    const { state } = this;
    while (!state.stopped) {
      if (state.spent >= state.pause) return PAUSED;
      const line = this.#fetch();
      if (!line) return undefined;
      try {
        state.spend(LINE, line);
        const expanded = this.#process(line);
        if (expanded) return expanded;
      } catch (problem) {
        state.reporter.caught(problem, rangeOf(line.tokens[0], line.tokens[line.tokens.length - 1]));
        state.complained(line);
      }
    }
    return undefined;
  }

  /** What was made of the line is good for every line of the same text. */
  remember(line: SourceLine, statement?: unknown): void {
    if (line === this.#sought) this.#twins.remember(line, statement);
  }

  /** Is it known what becomes of the line, from the pass before or from a line of the same text? */
  #isKnown(line: SourceLine): boolean {
    const { epoch } = this.state.host.names;
    if (line.plain === epoch) return line.fixed !== undefined || line.statement !== undefined;
    if (line.from === line.to) return false;
    const twin = this.#twins.find(line);
    this.#sought = line;
    if (twin === undefined || twin.plain !== epoch) {
      if (!this.state.host.knows(line)) return false;
      line.plain = epoch;
      return true;
    }
    line.plain = epoch;
    line.fixed = twin.fixed;
    line.statement = twin.fixed === undefined ? this.#twins.statement : undefined;
    return line.fixed !== undefined || line.statement !== undefined;
  }

  /** Takes the next raw line, ending frames that are used up. */
  #fetch(): SourceLine | undefined {
    const { state } = this;
    for (;;) {
      const frame = state.frame;
      if (!frame) return undefined;
      if (frame.position < frame.lines.length) {
        const line = frame.lines[frame.position++];
        frame.line = line;
        return line;
      }
      if (frame.kind === 'repeat' && frame.remaining > 0 && !frame.leaving) {
        frame.remaining--;
        frame.position = 0;
        continue;
      }
      this.#finish(frame);
    }
  }

  /** Ends a frame; a file must have closed what it opened. */
  #finish(frame: Frame): void {
    const { state } = this;
    const collecting = this.#collecting;
    if (collecting && frame.kind === 'file') {
      const end = collecting.kind === 'macro' ? '%endmacro' : '%endrep';
      state.error('block-open', `\`${collecting.at.text}\` has no \`${end}\``, collecting.at);
      this.#collecting = undefined;
    }
    for (const condition of frame.conditions) {
      state.error('conditional-open', `\`${condition.at.text}\` has no \`%endif\``, condition.at);
    }
    if (frame.kind === 'file') {
      state.includes--;
      state.listener?.end(frame);
    }
    leaveFrame(state);
  }

  #conditions(): Condition[] {
    return this.state.frame!.top.conditions;
  }

  #process(line: SourceLine): ExpandedLine | undefined {
    const { state } = this;
    state.listener?.line(line, state.frame!);
    // Told about another source, it counts wherever it stands.
    if (line.directive === 'line') {
      const { conditions } = state.frame!.top;
      const top = conditions[conditions.length - 1];
      if (!top || top.emitting) this.#directive('line', line.tokens);
      else this.#hushed(line, () => this.#directive('line', line.tokens));
      return undefined;
    }
    if (this.#collecting) {
      this.#collect(this.#collecting, line);
      return undefined;
    }
    const conditions = this.#conditions();
    const top = conditions.length > 0 ? conditions[conditions.length - 1] : undefined;
    if ((top && !top.emitting) || state.frame!.leaving) {
      if (line.directive !== undefined && isConditional(line.directive)) {
        if (state.frame!.leaving && line.directive.startsWith('if')) {
          conditions.push({ emitting: false, finished: true, hadElse: false, at: line.tokens[0] });
          return undefined;
        }
        // In a skipped block only `%elif` of an undecided one looks at its operands.
        if (top && !top.finished && line.directive.startsWith('elif')) this.#elif(line, line.directive, top);
        else conditional(state, conditions, line.directive, line.tokens[0], line.tokens.slice(1));
      }
      return undefined;
    }
    if (this.#isKnown(line)) return { tokens: undefined, source: line };
    // The body of a macro is read again and again.
    const own = state.frame!.kind === 'file' ? line.read() : line.tokens;
    if (state.host.names.isPlain(own)) {
      line.plain = state.host.names.epoch;
      return { tokens: own, source: line };
    }
    let tokens = own;
    state.blankEnd = false;
    if (line.percent) {
      tokens = expandParameters(state, tokens);
      if (tokens.length === 0) return undefined;
    }
    const directive = tokens === own ? line.directive : directiveOf(tokens);
    if (directive !== undefined && !(MAY_BE_FUNCTION.has(directive) && tokens[1]?.is('('))) {
      this.#directive(directive, tokens);
      return undefined;
    }
    tokens = expandSingles(state, tokens);
    if (tokens.length === 0) return undefined;
    const called = callMulti(state, tokens);
    if (called) {
      if (called.label.length === 0) return undefined;
      const label = nameLocals(state, called.label);
      state.listener?.label(label, state.frame!);
      return { tokens: label, source: undefined };
    }
    if (tokens[0].kind === Kind.Preprocessor && directiveOf(tokens) !== undefined) {
      throw new Complaint(
        'directive-unknown',
        `unknown preprocessor directive \`${tokens[0].text}\``,
        tokens[0],
      );
    }
    tokens = pasteText(nameLocals(state, tokens));
    return { tokens, source: tokens === own ? line : undefined };
  }

  /** An `%elif` that decides. NASM's errors are silent where lines are skipped: one leaves out the rest of the block. */
  #elif(line: SourceLine, directive: string, condition: Condition): void {
    const { state } = this;
    const { tokens } = line;
    const done = this.#hushed(line, () => {
      const operands = line.percent ? expandParameters(state, tokens) : tokens;
      conditional(state, this.#conditions(), directive, tokens[0], operands.slice(1));
    });
    if (!done) condition.finished = true;
  }

  /** Does something whose errors NASM does not tell, because lines are skipped. Without any? */
  #hushed(line: SourceLine, act: () => void): boolean {
    const { reporter } = this.state;
    const { tokens } = line;
    reporter.hushed = true;
    try {
      act();
      return true;
    } catch (problem) {
      reporter.caught(problem, rangeOf(tokens[0], tokens[tokens.length - 1]));
      return false;
    } finally {
      reporter.hushed = false;
    }
  }

  #directive(name: string, tokens: readonly Token[]): void {
    const { state } = this;
    const at = tokens[0];
    const rest = tokens.slice(1);
    const last = tokens[tokens.length - 1];
    if (last.kind === Kind.String && stringBytes(last.text) === undefined)
      state.warn('pp-open-string', 'the string has no closing quote', last);
    if (isConditional(name)) conditional(state, this.#conditions(), name, at, rest);
    else if (OPENS_MACRO.has(name)) this.#openMacro(name, rest, at);
    else if (name === 'rep') this.#collecting = this.#openRep(rest, at);
    else if (name === 'unmacro' || name === 'unimacro') this.#unmacro(rest, at);
    else if (CLOSES_MACRO.has(name) || name === 'endrep') {
      throw new Complaint('block-unopened', `\`${at.text}\` without its beginning`, at);
    } else {
      const handler: Handler | undefined = Object.hasOwn(DEFINE, name)
        ? DEFINE[name]
        : Object.hasOwn(FLOW, name)
          ? FLOW[name]
          : undefined;
      if (!handler)
        throw new Complaint('directive-unknown', `unknown preprocessor directive \`${at.text}\``, at);
      handler(state, rest, at);
    }
  }

  #openRep(tokens: readonly Token[], at: Token): Collecting {
    let count = 0;
    try {
      count = repeatCount(this.state, tokens, at);
    } catch (problem) {
      this.state.reporter.caught(problem, rangeOf(at));
    }
    return { kind: 'rep', depth: 1, lines: [], at, count };
  }

  /** Collects even after an error in the head, so that the body is not taken for code. */
  #openMacro(directive: string, tokens: readonly Token[], at: Token): void {
    const collecting: Collecting = { kind: 'macro', depth: 1, lines: [], at, count: 0 };
    this.#collecting = collecting;
    const { name, rest: raw } = takeName(this.state, tokens);
    ensure(name?.kind === Kind.Identifier, 'name-expected', `\`${at.text}\` needs a name`, name ?? at);
    const rest = expandSingles(this.state, raw);
    const range = parseRange(rest, at);
    let next = range.used;
    const nolist = rest[next]?.kind === Kind.Identifier && rest[next].lower === '.nolist';
    if (nolist) next++;
    const defaults = splitParameters(rest, next);
    if (!this.state.saneEmpty && defaults.length > 1 && endsEmpty(defaults)) {
      defaults.pop();
      const message = 'the empty last default counts for nothing: put braces there, `{}`';
      this.state.warn('pp-macro-params-legacy', message, name);
    }
    if (defaults.length > range.maximum - range.minimum && !range.greedy) {
      const message = `macro \`${name.text}\` has more defaults than parameters that may be left out`;
      this.state.warn('pp-macro-defaults', message, name);
    }
    collecting.macro = {
      name: name.text,
      caseless: directive.includes('im') || directive === 'irmacro',
      minimum: range.minimum,
      maximum: range.maximum,
      greedy: range.greedy,
      recursive: directive.includes('rm'),
      defaults,
      lines: collecting.lines,
      active: 0,
      nolist,
      takesLabel: false,
      definition: name,
    };
  }

  #collect(collecting: Collecting, line: SourceLine): void {
    const { directive } = line;
    const opens = collecting.kind === 'macro' ? OPENS_MACRO.has(directive ?? '') : directive === 'rep';
    const closes = collecting.kind === 'macro' ? CLOSES_MACRO.has(directive ?? '') : directive === 'endrep';
    if (opens) collecting.depth++;
    if (closes && --collecting.depth === 0) {
      this.#collecting = undefined;
      if (collecting.kind === 'macro') this.#defineMacro(collecting.macro);
      else this.#repeat(collecting);
      return;
    }
    collecting.lines.push(line);
  }

  #defineMacro(macro: MultiMacro | undefined): void {
    if (!macro) return;
    macro.takesLabel = macro.lines.some((l) => l.tokens.some((t) => t.text === '%00'));
    const key = macro.name.toLowerCase();
    const others = this.state.multis.get(key) ?? [];
    // Definitions of one name are searched one by one.
    this.state.spend(others.length, macro.definition);
    const clash = others.findIndex(
      (m) =>
        (m.caseless || macro.caseless || m.name === macro.name) &&
        (macro.minimum <= m.maximum || m.greedy) &&
        (macro.maximum >= m.minimum || macro.greedy),
    );
    if (clash >= 0) {
      this.state.warn('macro-redefined', `macro \`${macro.name}\` is defined again`, macro.definition);
    }
    this.state.host.names.add(key);
    this.state.multis.set(key, [macro, ...others]);
  }

  #repeat(collecting: Collecting): void {
    const { state } = this;
    if (collecting.count <= 0 || collecting.lines.length === 0) return;
    const parent = state.frame!;
    if (parent.depth >= MAX_NESTING) {
      state.stop('limit', `\`%rep\` blocks nested deeper than ${MAX_NESTING}`, collecting.at);
      return;
    }
    state.frame = new Frame('repeat', collecting.lines, parent, collecting.at, parent.call);
    state.frame.remaining = collecting.count - 1;
  }

  #unmacro(tokens: readonly Token[], at: Token): void {
    const { name, rest } = takeName(this.state, tokens);
    ensure(name?.kind === Kind.Identifier, 'name-expected', `\`${at.text}\` needs a macro name`, name ?? at);
    const range = parseRange(expandSingles(this.state, rest), at);
    const all = this.state.multis.get(name.lower) ?? [];
    const runs = all.length > 0 && all[0].active > 0;
    ensure(!runs, 'macro-outside', `macro \`${name.text}\` is in the middle of its expansion`, name);
    const kept = all.filter(
      (m) =>
        m.minimum !== range.minimum ||
        m.maximum !== range.maximum ||
        m.greedy !== range.greedy ||
        !(m.caseless || m.name === name.text),
    );
    if (kept.length > 0) this.state.multis.set(name.lower, kept);
    else this.state.multis.delete(name.lower);
  }
}
