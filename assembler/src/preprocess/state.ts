import type { Expansion } from '../api';
import { Complaint, type Reporter, rangeOf } from '../diagnostics';
import { MAX_ERRORS, MAX_STRING, MAX_WORK, WORK_PER_SOURCE_LINE } from '../limits';
import type { Linear } from '../parse/evaluate';
import { type SourceFile, type SourceLine, tokenOf } from '../text/source';
import { Kind, type Token } from '../text/token';
import type { MacroNames } from './names';

/** One parameter of a single-line macro. */
export interface SingleParameter {
  name: string;
  /** `+`: takes the rest of the list, commas and all. */
  greedy?: boolean;
  /** `&`, `&&`: becomes a string. */
  quoted?: 'always' | 'unless string';
  /** `=`: is evaluated to a number first. */
  evaluated?: boolean;
  /** `!`: white space and braces stay. */
  raw?: boolean;
  /** The last one of some functions: as many as there are. */
  variadic?: boolean;
  /** May be left out. */
  optional?: boolean;
  /** The number it then is. */
  absent?: readonly string[];
}

/** A single-line macro. Macros of one name differ in their number of parameters. */
export interface SingleMacro {
  name: string;
  caseless: boolean;
  /** Undefined: called without parentheses. */
  parameters: SingleParameter[] | undefined;
  body: readonly Token[];
  /** Expansions of it in progress: a macro does not expand inside itself. */
  active: number;
  /** Values only known at the call, such as `__?LINE?__`. */
  compute?: (call: Token, args: readonly (readonly Token[])[], state: State) => readonly Token[];
  /** May be called inside itself. */
  recursive?: boolean;
  /** Made by `%defalias`: defining it defines what it stands for. */
  alias?: boolean;
  /** The token that names it in its definition; absent for built-in ones. */
  definition?: Token;
}

/** How parameters and variables lie on the stack: `%stacksize`. */
export interface StackModel {
  register: string;
  /** Bytes a push moves. */
  word: number;
  /** Offset of the next parameter. */
  argument: number;
  /** Bytes of the variables so far. */
  local: number;
}

/** A multi-line macro. */
export interface MultiMacro {
  name: string;
  caseless: boolean;
  minimum: number;
  maximum: number;
  greedy: boolean;
  /** `%rmacro`: may call itself. */
  recursive: boolean;
  defaults: Token[][];
  lines: SourceLine[];
  active: number;
  /** `.nolist`: listings and debugging information show the call only. */
  nolist?: boolean;
  /** Its body uses `%00`, so it takes the label before the call. */
  takesLabel: boolean;
  definition: Token;
  /** The lines of its body, as the source map names them. */
  steps?: Map<SourceLine, Expansion[number]>;
}

/** One call of a multi-line macro in progress. */
export interface Call {
  macro: MultiMacro;
  /** The name as written. */
  name: Token;
  parameters: Token[][];
  rotation: number;
  /** Makes `%%name` unique. */
  unique: number;
  label: Token[];
}

/** One conditional block. */
export interface Condition {
  /** Lines are being assembled. */
  emitting: boolean;
  /** Some branch was taken already, or the whole block is inside a skipped one. */
  finished: boolean;
  hadElse: boolean;
  at: Token;
}

/** Where lines come from: a file, a macro body or a `%rep` block. */
export class Frame {
  position = 0;
  /** The line being processed. */
  line: SourceLine | undefined;
  readonly depth: number;
  /** The file this stands in: the frame itself or one around it. */
  readonly top: Frame;
  /** Whose line is the outermost call of a macro; for what is in no macro, the frame itself. */
  readonly origin: Frame;
  /** Iterations left after this one. */
  remaining = 0;
  /** `%exitrep` was met: the lines of this round are skipped. */
  leaving = false;
  file: SourceFile | undefined;
  /** Conditional blocks opened by this file. */
  readonly conditions: Condition[] = [];
  /** `%line`. */
  renumbered: { from: number; to: number; step: number; name: string | undefined } | undefined;
  /** The macro bodies around each line of this frame, as the source map wants them. */
  expansions: Map<SourceLine, Expansion> | undefined;

  constructor(
    readonly kind: 'file' | 'macro' | 'repeat',
    readonly lines: readonly SourceLine[],
    readonly parent: Frame | undefined,
    /** What stands in the parent's line: the macro's name or the `%include`. */
    readonly caller: Token | undefined,
    /** The nearest macro call, of this frame or around it. */
    readonly call?: Call,
  ) {
    this.depth = (parent?.depth ?? 0) + 1;
    this.top = kind === 'file' || !parent ? this : parent.top;
    this.origin = kind === 'file' || !call || !parent ? this : parent.origin;
  }
}

/** A `%push`ed context. */
export interface Context {
  name: string;
  unique: number;
  singles: Map<string, SingleMacro[]>;
  at: Token;
}

/** Who writes a listing is told what is read. */
export interface LineListener {
  /** A line of a file, a macro body or a `%rep` block. */
  line(line: SourceLine, frame: Frame): void;
  /** The label before a macro call that has just begun. */
  label(tokens: readonly Token[], frame: Frame): void;
  /** A file has been read to its end. */
  end(frame: Frame): void;
}

/** What the preprocessor asks of the rest of the assembler. */
export interface Host {
  /** Reads a file by the search rules; undefined when there is none. */
  include(path: string, from: SourceFile): SourceFile | undefined;
  /** Finds where a file lies. */
  find(path: string, from: SourceFile): string | undefined;
  /** Evaluates tokens as a critical expression. */
  evaluate(tokens: readonly Token[], at: Token): Linear;
  bits(): number;
  /** A limit set by the source or its caller. */
  limitOf(name: string): number | undefined;
  /** Does what the tokens behind `%pragma` say. */
  pragma(tokens: readonly Token[], at: Token): void;
  /** Does `%line` count for nothing? */
  ignoresLine(): boolean;
  /** The value of an environment variable. */
  environment(name: string): string | undefined;
  /** Lines of all files read so far. */
  sourceLines(): number;
  /** Counts from 1. */
  pass: number;
  /** Through all passes. */
  names: MacroNames;
  /** Is it plain without a look at its tokens what becomes of the line? Then no macro changes it. */
  knows(line: SourceLine): boolean;
  /** Source of the `%use` package, if there is one. */
  package(name: string): SourceFile | undefined;
}

/** What a complaint counts as, in tokens. */
const COMPLAINT = 25;

/** Everything a pass of the preprocessor knows. */
export class State {
  singles = new Map<string, SingleMacro[]>();
  caselessSingles = new Map<string, SingleMacro[]>();
  multis = new Map<string, MultiMacro[]>();
  /** `%eval(…)` and its kin. */
  functions: ReadonlyMap<string, SingleMacro[]> = new Map();
  contexts: Context[] = [];
  frame: Frame | undefined;
  unique = 0;
  includes = 0;
  listener: LineListener | undefined;
  used = new Set<string>();
  stack: StackModel = { register: 'ebp', word: 4, argument: 8, local: 0 };
  /** `%aliases on`. */
  aliases = true;
  /** Set by `%fatal` and by exceeded limits. */
  stopped = false;
  /** Tokens the current line may still expand to. */
  budget = 0;
  #spent = 0;
  /** Work after which whoever drives the pass wants to be asked. */
  pause = Number.POSITIVE_INFINITY;
  #reports = 0;
  /** `%[…]` being expanded. */
  indirection = 0;
  /** What stood at the end of the line vanished, its white space did not. */
  blankEnd = false;
  /** `%pragma preproc sane_empty_expansion`. */
  saneEmpty = false;

  constructor(
    readonly host: Host,
    readonly reporter: Reporter,
  ) {}

  error(code: string, message: string, at: Token, to: Token = at): void {
    this.reporter.report('error', code, message, rangeOf(at, to));
  }

  warn(code: string, message: string, at: Token, to: Token = at): void {
    this.reporter.report('warning', code, message, rangeOf(at, to));
  }

  /** Counts work, in tokens; ends the pass when there is too much. */
  spend(tokens: number, at: Token | SourceLine): void {
    this.#spent += tokens;
    if (this.#spent > MAX_WORK && this.#spent > this.limit) {
      const message = `macros and repetitions make more of this source than ${this.limit} tokens`;
      this.stop('limit', message, tokenOf(at));
      throw new Complaint('limit', message, tokenOf(at));
    }
  }

  /** Work the pass may do, in tokens. */
  get limit(): number {
    return MAX_WORK + WORK_PER_SOURCE_LINE * this.host.sourceLines();
  }

  /** Counts the work of complaints since the last call; ends the pass when there are too many errors. */
  complained(at: Token | SourceLine): void {
    const { reports, errors } = this.reporter;
    if (reports === this.#reports) return;
    this.#spent += (reports - this.#reports) * COMPLAINT;
    this.#reports = reports;
    if (errors > MAX_ERRORS)
      this.stop('limit', `more than ${MAX_ERRORS} errors: the rest is left out`, tokenOf(at));
  }

  /** Work so far. */
  get spent(): number {
    return this.#spent;
  }

  /** Counts the bytes of a string that macros put together. */
  spendString(bytes: number, at: Token): void {
    if (bytes > MAX_STRING) throw new Complaint('limit', `the string has more than ${MAX_STRING} bytes`, at);
    this.spend(bytes >> 2, at);
  }

  /** Reports and ends the pass. */
  stop(code: string, message: string, at: Token): void {
    if (!this.stopped) this.error(code, message, at);
    this.stopped = true;
  }

  /**
   * The token of the source that stands for one of a standard macro: the first
   * parameter of its call (`struc NAME`), or the call.
   */
  visible(token: Token): Token {
    if (token.file.index >= 0) return token;
    for (let f = this.frame; f?.parent; f = f.parent) {
      if (!f.caller || f.caller.file.index < 0) continue;
      const parameter = f.call?.parameters[0]?.[0];
      return parameter && parameter.file.index >= 0 ? parameter : f.caller;
    }
    return token;
  }

  /** The context `%$name` (one `$`) or `%$$name` … speaks about. */
  context(dollars: number): Context | undefined {
    return this.contexts[this.contexts.length - dollars];
  }
}

/** Splits `%$name` into the number of `$` and the name; undefined when it is none. */
export function contextName(text: string): { dollars: number; name: string } | undefined {
  if (text[0] !== '%' || text[1] !== '$') return undefined;
  let i = 1;
  while (text[i] === '$') i++;
  return { dollars: i - 1, name: text.slice(i) };
}

/** A number as tokens: negative ones as NASM writes them, `-` and digits. */
export function numberTokens(value: bigint, at: Token): Token[] {
  if (value >= 0n) return [at.with(Kind.Number, value.toString())];
  return [at.with(Kind.Operator, '-'), at.with(Kind.Number, (-value).toString(), false)];
}

/** Warns that what still stands behind the directive `at` counts for nothing. */
export function trailing(state: State, rest: readonly Token[], at: Token): void {
  if (rest.length === 0) return;
  state.warn(
    'pp-trailing',
    `\`${rest[0].text}\` after \`${at.text}\` is ignored`,
    rest[0],
    rest[rest.length - 1],
  );
}

/** Complains when `condition` does not hold. */
export function ensure(condition: unknown, code: string, message: string, at: Token): asserts condition {
  if (!condition) throw new Complaint(code, message, at);
}
