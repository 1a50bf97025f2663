import type { AssembleOptions, Diagnostic } from '../api';
import { Complaint, type Move, type Reporter, rangeOf } from '../diagnostics';
import { MAX_ERRORS } from '../limits';
import { Cursor } from '../parse/cursor';
import type { Linear } from '../parse/evaluate';
import { isConstant } from '../parse/evaluate';
import { parseExpression } from '../parse/expression';
import { parseStatement, type Statement } from '../parse/statement';
import { builtIn } from '../preprocess/define';
import { enterFile } from '../preprocess/flow';
import type { MacroNames } from '../preprocess/names';
import { PAUSED, Preprocessor } from '../preprocess/preprocessor';
import { OLD_SPELLINGS, PACKAGES, STANDARD_MACROS } from '../preprocess/standard-macros';
import { type Frame, type Host, State } from '../preprocess/state';
import { tokenise } from '../text/lexer';
import { makeLine, readSource, type SourceFile, type SourceLine } from '../text/source';
import { quote, utf8 } from '../text/string';
import { detokenise, Kind, type Token } from '../text/token';
import { isBracketed, runDirective } from './directives';
import type { Files } from './files';
import { FixedLine } from './fixed';
import type { Layout } from './layout';
import { runPragma } from './pragma';
import { QuickReader } from './quick';
import type { Recorder } from './recorder';
import { placeOf } from './records';
import { assembleStatement } from './statement';

/** Work of one step, in tokens: some milliseconds. */
const STEP = 20_000;

/** Lines between two questions whether to go on. */
const CANCEL_INTERVAL = 512;

const encoder = new TextEncoder();
const builtInFiles = new Map<string, SourceFile>();

/** A source that is part of the assembler. Its index is negative: the map does not show it. */
function internal(name: string, text: string): SourceFile {
  const known = builtInFiles.get(name);
  if (known) return known;
  const file = readSource(`<${name}>`, -1, encoder.encode(text));
  builtInFiles.set(name, file);
  return file;
}

/** Lines that stand before the source. */
function commandLine(lines: readonly string[]): SourceFile {
  const file: SourceFile = { path: '<command line>', index: -1, lines: [] };
  lines.forEach((line, i) => {
    const tokens = tokenise(line.replaceAll(/[\r\n]/g, ' '), file, i + 1);
    if (tokens.length > 0) file.lines.push(makeLine(file, i + 1, tokens));
  });
  return file;
}

/** The macro calls and includes around the line in work, innermost first. */
function chainOf(frame: Frame | undefined): Diagnostic['related'] {
  const related: Diagnostic['related'] = [];
  for (let f = frame; f?.parent; f = f.parent) {
    if (!f.caller || f.kind === 'repeat' || f.caller.file.index < 0) continue;
    const macro = f.kind === 'macro' ? f.call!.macro.name : undefined;
    const message = macro === undefined ? 'included here' : `in the expansion of \`${macro}\``;
    related.push({ message, range: rangeOf(f.caller), ...(macro === undefined ? {} : { macro }) });
    if (related.length >= 64) break;
  }
  return related;
}

/** Size of an address. */
const POINTERS = { 16: 'word', 32: 'dword', 64: 'qword' } as const;

/** How a statement whose first token is `first` moves to this line; undefined when it was made there. */
function moveOf(first: Token, line: SourceLine): Move | undefined {
  if (first.line === line.number) return undefined;
  return { file: first.file, from: first.line, to: line.number, columns: line.column - first.column };
}

/** One pass over the whole source, with the symbols of the pass before. */
export class Pass implements Host {
  readonly #state: State;
  readonly #preprocessor: Preprocessor;
  readonly #quick: QuickReader | undefined;
  cancelled = false;
  /** What is left of a line that is done in steps. */
  #rest: Generator<void, void> | undefined;
  /** What the pass does, so that sizes can be asked for again without the preprocessor; absent when nobody wants it. */
  recorder: Recorder | undefined;

  constructor(
    readonly layout: Layout,
    readonly files: Files,
    readonly options: AssembleOptions,
    readonly reporter: Reporter,
    readonly pass: number,
  ) {
    // Later passes know the lines already; who wants to be told of all lines gets them the long way.
    if (pass === 1 && !options.trace) this.#quick = new QuickReader(layout);
    this.#state = new State(this, reporter);
    this.#preprocessor = new Preprocessor(this.#state);
    reporter.chain = () => chainOf(this.#state.frame);
    reporter.named = () => {
      if (!this.#state.frame?.top.renumbered) return undefined;
      const { file, line } = this.#place();
      return { file: this.files.paths[file] ?? '', line };
    };
  }

  /** Runs the pass over `main`, in steps of {@link STEP} tokens of work. */
  *run(main: SourceFile): Generator<void, void> {
    const { layout } = this;
    layout.begin(this.pass, this.reporter);
    this.#predefine();
    layout.spend = (tokens, at) => this.#state.spend(tokens, at);
    layout.visible = (token) => this.#state.visible(token);
    layout.records.frame = () => this.#state.frame;
    layout.records.fileIndex = (path) => this.files.index(path);
    this.#state.listener = layout.listing;
    this.#preprocessor.start(main);
    const preamble = this.options.preamble ?? [];
    if (preamble.length > 0) enterFile(this.#state, commandLine(preamble), undefined);
    while (!this.#drain()) {
      yield;
      if (!this.#rest) continue;
      for (const _ of this.#rest) {
        if (this.options.cancelled?.()) this.cancelled = layout.stopped = true;
        yield;
      }
      this.#rest = undefined;
    }
    for (const context of this.#state.contexts) {
      const message = `\`%push ${context.name}\` has no \`%pop\``;
      this.reporter.report('note', 'context-open', message, rangeOf(context.at));
      if (this.reporter.reports > MAX_ERRORS) break;
    }
    layout.symbols.end();
  }

  /** Assembles lines for one step; true when there are no more. */
  #drain(): boolean {
    const { layout } = this;
    this.#state.pause = this.#state.spent + STEP;
    let lines = 0;
    for (;;) {
      layout.mark();
      const line = this.#preprocessor.next();
      if (!line || layout.stopped) return true;
      if (line === PAUSED) return false;
      if (++lines % CANCEL_INTERVAL === 0 && this.options.cancelled?.()) {
        this.cancelled = true;
        return true;
      }
      this.#line(line.tokens, line.source);
      if (this.#rest) return false;
    }
  }

  /** Does what a line says; `tokens` are absent where it is known what becomes of them. */
  #line(given: readonly Token[] | undefined, source: SourceLine | undefined): void {
    const { layout } = this;
    const { trace } = this.options;
    if (trace) this.#trace(given ?? source!.read(), trace);
    this.recorder?.before();
    const fixed = source?.fixed as FixedLine | undefined;
    const mode = fixed && fixed.bits === layout.bits && fixed.defaultRel === layout.defaultRel;
    if (mode && layout.cpu === undefined) {
      this.#fixed(fixed, source!);
      return;
    }
    const { parent } = layout;
    let statement = source?.statement as Statement | undefined;
    const tokens = given ?? (statement ? undefined : source!.read());
    const at = tokens?.[0] ?? source!;
    // The statement may have been made of another line of the same text.
    const moved = statement && moveOf(statement.first, source!);
    this.reporter.move = moved;
    layout.move = moved;
    try {
      if (!statement && isBracketed(tokens!)) runDirective(layout, tokens!);
      else {
        if (!statement) {
          this.#state.spend(source ? 4 : 4 + tokens!.length, at);
          statement = parseStatement(tokens!);
        }
        const rest = assembleStatement(layout, statement, this.readBinary);
        if (source) {
          source.fixed = FixedLine.of(statement);
          source.statement = source.fixed || this.#isRecorded(source) ? undefined : statement;
          if (tokens && !trace && statement.body.kind !== 'incbin')
            this.#preprocessor.remember(source, statement);
        }
        if (rest) {
          this.#rest = this.#later(rest, statement, parent, at, moved);
          return;
        }
      }
    } catch (problem) {
      const all = tokens ?? source!.read();
      this.reporter.move = moved;
      this.reporter.caught(problem, rangeOf(all[0], all[all.length - 1]));
    }
    this.#done(at);
    if (statement) {
      const line = source && this.#isRecorded(source) ? source : undefined;
      this.recorder?.statement(statement, parent, line);
    } else this.recorder?.directive(tokens!);
  }

  /** The rest of a line whose `times` is done in steps. */
  *#later(
    rest: Generator<void, void>,
    statement: Statement,
    parent: string,
    at: Token | SourceLine,
    moved: Move | undefined,
  ): Generator<void, void> {
    try {
      yield* rest;
    } catch (problem) {
      this.reporter.move = moved;
      this.reporter.caught(problem, rangeOf(statement.first, statement.last));
    }
    this.#done(at);
    this.recorder?.statement(statement, parent, undefined);
  }

  #done(at: Token | SourceLine): void {
    this.reporter.move = undefined;
    this.layout.move = undefined;
    this.#state.complained(at);
  }

  /** Will the recording do what is left to do with the line? Statements take much room. Objects and listings get a last whole pass. */
  #isRecorded(source: SourceLine): boolean {
    return (
      this.recorder !== undefined &&
      !this.layout.traced &&
      this.#state.frame?.kind === 'file' &&
      source.from < source.to
    );
  }

  #fixed(fixed: FixedLine, source: SourceLine): void {
    const { layout } = this;
    try {
      layout.mark();
      layout.ordinal++;
      layout.emitFixed(fixed, source);
      this.recorder?.fixed(fixed.length);
    } catch (problem) {
      const all = source.read();
      this.reporter.caught(problem, rangeOf(all[0], all[all.length - 1]));
      this.recorder?.giveUp();
    }
    this.#state.complained(source);
  }

  /** Reads the file that `incbin` names. */
  readonly readBinary = (path: string, at: Token) => this.files.binary(path, at.file.path);

  #trace(tokens: readonly Token[], trace: NonNullable<AssembleOptions['trace']>): void {
    const { file, line, expansion } = this.#place();
    const depth = expansion?.length ?? 0;
    const indented = tokens[0].space;
    trace({ file: this.files.paths[file] ?? '', line, depth, indented, text: detokenise(tokens) }, this.pass);
  }

  /** Standard macros, those that depend on the place, and the caller's. */
  #predefine(): void {
    const state = this.#state;
    const number = (value: number) => (call: Token) => [call.with(Kind.Number, String(value))];
    builtIn(state, '__?LINE?__', [], (call) => number(this.#number())(call));
    builtIn(state, '__?FILE?__', [], (call) => [call.with(Kind.String, quote(utf8(this.#path(call))))]);
    builtIn(state, '__?PTR?__', [], (call) => [call.with(Kind.Identifier, POINTERS[this.layout.bits])]);
    builtIn(state, '__?BITS?__', [], (call) => number(this.layout.bits)(call));
    builtIn(state, '__?PASS?__', [], (call) => {
      if (this.pass === 1) this.recorder?.giveUp();
      return number(this.pass > 1 ? 2 : 1)(call);
    });
    for (const name of OLD_SPELLINGS) {
      builtIn(state, `__${name}__`, [], (call) => [call.with(Kind.Identifier, `__?${name}?__`)]);
    }
    enterFile(state, internal('standard macros', STANDARD_MACROS), undefined);
    while (this.#preprocessor.next());
    const { format, debug } = this.options;
    const lines = Object.entries(this.options.defines ?? {}).map(([n, value]) => `%define ${n} ${value}`);
    if (format) lines.unshift(`%define __?OUTPUT_FORMAT?__ ${format}`);
    // What only some formats have is a macro only there.
    const own = this.layout.format ? 'osabi' : 'org';
    lines.unshift(`%imacro ${own} 1+.nolist`, `[${own} %1]`, '%endmacro');
    if (debug) lines.unshift(`%define __?DEBUG_FORMAT?__ ${debug === 'stabs' ? 'stabs' : 'dwarf'}`);
    enterFile(state, commandLine(lines), undefined);
    while (this.#preprocessor.next());
  }

  #place() {
    return placeOf(this.#state.frame!, (path) => this.files.index(path));
  }

  /** NASM's `__?LINE?__`: inside a macro the line of its body. */
  #number(): number {
    let frame = this.#state.frame;
    while (frame?.parent && (frame.line?.file.index ?? 0) < 0) frame = frame.parent;
    return frame?.kind === 'file' ? this.#place().line : (frame?.line?.number ?? 1);
  }

  #path(call: Token): string {
    const index = this.#place().file;
    return this.files.paths[index] ?? call.file.path;
  }

  knows(line: SourceLine): boolean {
    const fixed = this.#quick?.read(line);
    if (fixed === undefined) return false;
    line.fixed = fixed;
    line.statement = undefined;
    this.#preprocessor.remember(line);
    return true;
  }

  get names(): MacroNames {
    return this.layout.names;
  }

  bits(): number {
    return this.layout.bits;
  }

  limitOf(name: string): number | undefined {
    return this.layout.limits.get(name);
  }

  pragma(tokens: readonly Token[], at: Token): void {
    runPragma(this.layout, tokens, at);
  }

  ignoresLine(): boolean {
    return this.options.ignoreLine ?? false;
  }

  environment(name: string): string | undefined {
    const { environment } = this.options;
    return environment && Object.hasOwn(environment, name) ? environment[name] : undefined;
  }

  sourceLines(): number {
    return this.files.lines;
  }

  /** Work it may do. */
  get limit(): number {
    return this.#state.limit;
  }

  /** Work the pass did, in tokens. */
  get spent(): number {
    return this.#state.spent;
  }

  include(path: string, from: SourceFile): SourceFile | undefined {
    const found = this.find(path, from);
    return found === undefined ? undefined : this.files.source(found);
  }

  find(path: string, from: SourceFile): string | undefined {
    return this.files.find(path, from.path);
  }

  package(name: string): SourceFile | undefined {
    return Object.hasOwn(PACKAGES, name) ? internal(`%use ${name}`, PACKAGES[name]) : undefined;
  }

  evaluate(tokens: readonly Token[], at: Token): Linear {
    if (tokens.length === 0)
      throw new Complaint('expression-expected', `\`${at.text}\` needs an expression`, at);
    const cursor = new Cursor(tokens);
    this.#state.spend(2 + tokens.length, at);
    const expression = parseExpression(cursor);
    let value: Linear | undefined;
    try {
      value = this.layout.evaluator.linear(expression, true);
    } finally {
      if (this.recorder && !isConstant(expression)) this.recorder.question(expression, value);
    }
    const rest = cursor.peek;
    if (rest)
      this.#state.warn(
        'pp-trailing',
        `\`${rest.text}\` after the expression of \`${at.text}\` is ignored`,
        rest,
      );
    return value;
  }
}
