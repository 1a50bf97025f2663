import type { AssembleOptions } from '../api';
import { LIMIT_NAMES, readLimit } from '../limits';

/** What one run of the assembler is asked for. */
export interface Command {
  /** What to do instead of assembling. */
  action: 'assemble' | 'preprocess' | 'depend' | 'help' | 'version' | 'debug-formats';
  input: string | undefined;
  output: string | undefined;
  format: string;
  listing: string | undefined;
  debug: boolean;
  debugFormat: string | undefined;
  optimize: 0 | 1 | undefined;
  /** Complaints that are no reason to stop. */
  notes: string[];
  /** `%line` in the source counts for nothing. */
  noLine: boolean;
  /** Print how many passes it took. */
  verbosePasses: boolean;
  includePaths: string[];
  /** Lines before the first one of the source. */
  preamble: string[];
  affixes: NonNullable<AssembleOptions['affixes']>;
  style: 'gnu' | 'vc';
  /** Where diagnostics go: standard error, standard output or a file. */
  errors: { to: 'stderr' | 'stdout' } | { to: 'file'; path: string };
  /** -w in their order. */
  warnings: string[];
  depend: {
    /** -MD: besides assembling. */
    also: boolean;
    file: string | undefined;
    target: string | undefined;
    quote: boolean;
    /** -MW: in the form of Watcom's make. */
    watcom: boolean;
    phony: boolean;
    /** -MG: files that are missing will be made. */
    generated: boolean;
  };
  keepAll: boolean;
  limits: Map<string, number>;
}

/** A complaint about the command line. */
export class UsageError {
  constructor(
    readonly message: string,
    readonly fatal = true,
  ) {}
}

function empty(): Command {
  return {
    action: 'assemble',
    input: undefined,
    output: undefined,
    format: 'bin',
    listing: undefined,
    debug: false,
    debugFormat: undefined,
    optimize: undefined,
    notes: [],
    noLine: false,
    verbosePasses: false,
    includePaths: [],
    preamble: [],
    affixes: {},
    style: 'gnu',
    errors: { to: 'stderr' },
    warnings: [],
    depend: {
      also: false,
      file: undefined,
      target: undefined,
      quote: false,
      watcom: false,
      phony: false,
      generated: false,
    },
    keepAll: false,
    limits: new Map(),
  };
}

/** Splits NASMENV: at blanks, or at its first character if that is no `-` (manual 2.1.28). */
export function splitEnvironment(text: string): string[] {
  const separator = text === '' || text[0] === '-' ? ' ' : text[0];
  return text.split(separator).filter((word) => word !== '');
}

function define(text: string): string {
  const at = text.indexOf('=');
  return at < 0 ? `%define ${text}` : `%define ${text.slice(0, at)} ${text.slice(at + 1)}`;
}

function warning(command: Command, text: string): void {
  command.warnings.push(text);
}

function optimisation(command: Command, text: string): void {
  for (const c of text) {
    if (c === '0') command.optimize = 0;
    else if (c === '1') command.optimize = 1;
    else if (c === 'v') command.verbosePasses = true;
    else if (c >= '2' && c <= '9') command.optimize = undefined;
    else if (c === 'x') command.optimize = undefined;
    else throw new UsageError(`unknown optimization option -O${c}`);
  }
}

function debugging(command: Command, format: string): void {
  command.debug = true;
  if (format !== '') command.debugFormat = format;
}

/** `--limit-…` (manual 2.1.31). */
function limit(command: Command, name: string, text: string): void {
  const value = readLimit(text);
  if (!LIMIT_NAMES.has(name)) command.notes.push(`unknown limit: \`${name}'`);
  else if (value === undefined) command.notes.push(`invalid limit value: \`${text}'`);
  else command.limits.set(name, value);
}

/** One-letter options that take a value, directly behind them or as the next word. */
const VALUED: Readonly<Record<string, (command: Command, value: string) => void>> = {
  o: (c, v) => {
    if (c.output !== undefined) throw new UsageError(`more than one output file specified: ${v}`);
    c.output = v;
  },
  f: (c, v) => {
    c.format = v;
  },
  l: (c, v) => {
    c.listing = v;
  },
  F: debugging,
  O: optimisation,
  w: warning,
  W: warning,
  X: (c, v) => {
    if (v !== 'gnu' && v !== 'vc') throw new UsageError(`unrecognized error reporting format \`${v}'`);
    c.style = v;
  },
  Z: (c, v) => {
    c.errors = { to: 'file', path: v };
  },
  I: (c, v) => {
    c.includePaths.push(v);
  },
  D: (c, v) => {
    c.preamble.push(define(v));
  },
  U: (c, v) => {
    c.preamble.push(`%undef ${v}`);
  },
  P: (c, v) => {
    c.preamble.push(`%include ${JSON.stringify(v).replaceAll('\\\\', '\\')}`);
  },
  L: () => {},
};
const ALIASES: Readonly<Record<string, string>> = { i: 'I', d: 'D', u: 'U', p: 'P' };

/** One-letter options whose value, if any, stands directly behind them. */
const ATTACHED: Readonly<Record<string, (command: Command, value: string) => void>> = {
  g: debugging,
  E: (c) => {
    c.action = 'preprocess';
  },
  e: (c) => {
    c.action = 'preprocess';
  },
  // Preprocessing lines that contain nothing for it changes nothing.
  a: () => {},
  s: (c) => {
    c.errors = { to: 'stdout' };
  },
  v: (c) => {
    c.action = 'version';
  },
  h: (c) => {
    c.action = 'help';
  },
  y: (c) => {
    c.action = 'debug-formats';
  },
  t: () => {
    throw new UsageError('the TASM compatible mode (-t) is not supported');
  },
};

/** Long options with a value. */
const LONG: Readonly<Record<string, (command: Command, value: string) => void>> = {
  prefix: (c, v) => {
    c.affixes.prefix = v;
  },
  gprefix: (c, v) => {
    c.affixes.prefix = v;
  },
  postfix: (c, v) => {
    c.affixes.postfix = v;
  },
  gpostfix: (c, v) => {
    c.affixes.postfix = v;
  },
  lprefix: (c, v) => {
    c.affixes.localPrefix = v;
  },
  lpostfix: (c, v) => {
    c.affixes.localPostfix = v;
  },
  include: VALUED.P,
  pragma: (c, v) => {
    c.preamble.push(`%pragma ${v}`);
  },
  before: (c, v) => {
    c.preamble.push(v);
  },
  bits: (c, v) => {
    c.preamble.push(`bits ${v}`);
  },
};

const LONG_FLAGS: Readonly<Record<string, (command: Command) => void>> = {
  v: ATTACHED.v as (command: Command) => void,
  version: ATTACHED.v as (command: Command) => void,
  help: ATTACHED.h as (command: Command) => void,
  'keep-all': (c) => {
    c.keepAll = true;
  },
  'no-line': (c) => {
    c.noLine = true;
  },
  // Nothing in our output depends on when or where it was made.
  reproducible: () => {},
};

/** `-M…`; gives back true when the next word was its value. */
function dependencies(command: Command, text: string, next: string | undefined): boolean {
  const { depend } = command;
  const value = (): string => {
    if (next === undefined) throw new UsageError(`option \`-M${text}' requires an argument`, false);
    return next;
  };
  switch (text) {
    case '':
      command.action = 'depend';
      return false;
    case 'G':
      command.action = 'depend';
      depend.generated = true;
      return false;
    case 'P':
      depend.phony = true;
      return false;
    case 'W':
      depend.watcom = true;
      return false;
    case 'D':
      depend.also = true;
      if (next === undefined || next.startsWith('-')) return false;
      depend.file = next;
      return true;
    case 'F':
      depend.file = value();
      return true;
    case 'T':
    case 'Q':
      depend.target = value();
      depend.quote = text === 'Q';
      return true;
    default:
      throw new UsageError(`unknown dependency option \`-M${text}'`, false);
  }
}

/**
 * Reads NASM's command line. `readWords` gives the words of a response file
 * (`-@ file`). Throws a {@link UsageError}.
 */
export function parseCommand(
  words: readonly string[],
  readWords: (path: string) => string[] = () => [],
): Command {
  const command = empty();
  const queue = [...words];
  const argument = (option: string, attached: string): string => {
    const value = (attached !== '' ? attached : queue.shift())?.replace(/^\s+/, '');
    if (value === undefined) throw new UsageError(`option \`${option}' requires an argument`, false);
    return value;
  };
  let options = true;
  while (queue.length > 0) {
    const word = queue.shift()!;
    if (!options || word === '-' || !word.startsWith('-')) {
      if (word === '-') throw new UsageError("unrecognised option `-': the source has to be a file", false);
      if (command.input !== undefined) throw new UsageError(`more than one input file specified: ${word}`);
      command.input = word;
      continue;
    }
    if (word === '--') {
      options = false;
      continue;
    }
    if (word.startsWith('--')) {
      longOption(command, word.slice(2), queue);
      continue;
    }
    const letter = ALIASES[word[1]] ?? word[1];
    const rest = word.slice(2);
    if (letter === '@') queue.unshift(...readWords(argument(word, rest)));
    else if (letter === 'M') {
      if (dependencies(command, rest, queue[0])) queue.shift();
    } else if (Object.hasOwn(VALUED, letter)) {
      VALUED[letter](command, argument(word, rest));
    } else if (Object.hasOwn(ATTACHED, letter)) ATTACHED[letter](command, rest);
    else throw new UsageError(`unrecognised option \`${word}'`, false);
  }
  return command;
}

function longOption(command: Command, text: string, queue: string[]): void {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  if (Object.hasOwn(LONG_FLAGS, name)) {
    LONG_FLAGS[name](command);
    return;
  }
  const known = Object.hasOwn(LONG, name);
  if (!known && !name.startsWith('limit-')) throw new UsageError(`unrecognised option \`--${text}'`, false);
  const value = equals < 0 ? queue.shift() : text.slice(equals + 1);
  if (value === undefined) throw new UsageError(`option \`--${name}' requires an argument`, false);
  if (known) LONG[name](command, value);
  else limit(command, name.slice('limit-'.length), value);
}
