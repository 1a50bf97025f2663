import { Complaint } from '../diagnostics';
import { MAX_INCLUDES, MAX_REPEAT } from '../limits';
import { stringOf } from '../parse/expression';
import { parseNumber } from '../text/number';
import type { SourceFile } from '../text/source';
import { detokenise, Kind, type Token } from '../text/token';
import { packageName } from './conditionals';
import { builtIn, type Handler, takeName } from './define';
import { macroFrame } from './multi-line';
import { expandSingles } from './single-line';
import { STACK } from './stack';
import { type Context, ensure, Frame, type SingleMacro, type State, trailing } from './state';

/** Starts reading another file. */
export function enterFile(state: State, file: SourceFile, caller: Token | undefined): void {
  state.includes++;
  state.frame = new Frame('file', file.lines, state.frame, caller);
  state.frame.file = file;
}

const include: Handler = (state, raw, at) => {
  const tokens = expandSingles(state, raw);
  const name = tokens[0];
  ensure(name?.kind === Kind.String, 'string-expected', '`%include` needs a file name in quotes', name ?? at);
  trailing(state, tokens.slice(1), at);
  if (state.includes >= MAX_INCLUDES) {
    state.stop('limit', `files include each other more than ${MAX_INCLUDES} deep`, at);
    return;
  }
  const file = state.host.include(stringOf(name), at.file);
  if (!file) throw new Complaint('file-missing', `cannot find the include file \`${stringOf(name)}\``, name);
  enterFile(state, file, at);
};

const use: Handler = (state, tokens, at) => {
  const name = packageName(tokens);
  const file = state.host.package(name);
  trailing(state, tokens.slice(1), at);
  ensure(file, 'package-unknown', `there is no \`%use\` package \`${name}\``, tokens[0] ?? at);
  if (state.used.has(name)) return;
  state.used.add(name);
  builtIn(state, `__?USE_${name.toUpperCase()}?__`, []);
  enterFile(state, file, at);
};

/** Evaluates the count of a `%rep`. */
export function repeatCount(state: State, raw: readonly Token[], at: Token): number {
  const tokens = expandSingles(state, raw[0]?.lower === '.nolist' ? raw.slice(1) : raw);
  const value = state.host.evaluate(tokens, at);
  if (value.terms.length > 0)
    throw new Complaint('not-a-number', '`%rep` needs a pure number', tokens[0] ?? at);
  const limit = state.host.limitOf('rep') ?? MAX_REPEAT;
  if (value.value > limit) {
    state.stop('limit', `\`%rep\` repeats ${value.value} times; the limit is ${limit}`, at);
    return 0;
  }
  if (value.value < 0n) state.warn('pp-rep-negative', `\`%rep\` repeats ${value.value} times`, at);
  return Math.max(0, Number(value.value));
}

const exitrep: Handler = (state, _, at) => {
  let frame = state.frame;
  while (frame && frame.kind === 'macro') frame = frame.parent;
  ensure(frame?.kind === 'repeat', 'rep-missing', '`%exitrep` outside `%rep`', at);
  frame.leaving = true;
};

const exitmacro: Handler = (state, _, at) => {
  const target = macroFrame(state.frame);
  ensure(target, 'macro-missing', '`%exitmacro` outside a macro', at);
  // Lines up to the end are skipped, not dropped: conditional blocks still have to close.
  for (let frame = state.frame; frame; frame = frame.parent) {
    frame.leaving = true;
    if (frame === target) break;
  }
};

const rotate: Handler = (state, raw, at) => {
  const call = macroFrame(state.frame)?.call;
  ensure(call, 'macro-missing', '`%rotate` outside a macro', at);
  const value = state.host.evaluate(expandSingles(state, raw), at);
  const count = call.parameters.length;
  ensure(count > 0, 'macro-missing', '`%rotate` in a macro call without parameters', at);
  call.rotation = (call.rotation + Number(value.value % BigInt(count)) + count) % count;
};

function message(tokens: readonly Token[]): string {
  if (tokens.length === 1 && tokens[0].kind === Kind.String) return stringOf(tokens[0]);
  return detokenise(tokens);
}

const userError: Handler = (state, raw, at) => {
  state.error('user-error', message(expandSingles(state, raw)), at, raw[raw.length - 1]);
};

const userWarning: Handler = (state, raw, at) => {
  state.warn('user-warning', message(expandSingles(state, raw)), at, raw[raw.length - 1]);
};

const fatal: Handler = (state, raw, at) => {
  state.stop('user-fatal', message(expandSingles(state, raw)), at);
};

const push: Handler = (state, tokens, at) => {
  const { name, rest } = takeName(state, tokens);
  trailing(state, rest, at);
  ensure(!name || name.kind === Kind.Identifier, 'name-expected', '`%push` needs a name', name ?? at);
  state.contexts.push({
    name: name?.text ?? '',
    unique: state.unique++,
    singles: new Map(),
    at: state.visible(at),
  });
};

function top(state: State, tokens: readonly Token[], at: Token, check: boolean): Context {
  const context = state.context(1);
  ensure(context, 'context-missing', `\`${at.text}\` without a \`%push\` before it`, at);
  const { name, rest } = takeName(state, tokens);
  ensure(!name || name.kind === Kind.Identifier, 'name-expected', `\`${at.text}\` needs a name`, name ?? at);
  trailing(state, rest, at);
  if (check && name && name.text.toLowerCase() !== context.name.toLowerCase()) {
    throw new Complaint(
      'context-mismatch',
      `\`${at.text} ${name.text}\`, but the context on top is \`${context.name}\``,
      name,
    );
  }
  return context;
}

const pop: Handler = (state, tokens, at) => {
  top(state, tokens, at, true);
  state.contexts.pop();
};

const repl: Handler = (state, tokens, at) => {
  const context = top(state, tokens, at, false);
  context.name = takeName(state, tokens).name?.text ?? '';
};

/** `%line number[+step] [file]`, `# number "file" flags` (NASM manual 4.10.1). */
const line: Handler = (state, tokens, at) => {
  const { frame } = state;
  if (frame?.kind !== 'file' || state.host.ignoresLine()) return;
  const [number, sign] = tokens;
  const value = number?.kind === Kind.Number ? parseNumber(number.text) : undefined;
  ensure(
    value !== undefined,
    'number-expected',
    at.is('#') ? '`#` needs a line number; a comment begins with `;`' : `\`${at.text}\` needs a line number`,
    number ?? at,
  );
  let step = 1;
  let i = 1;
  if (sign && !sign.space && (sign.is('+') || sign.is('-'))) {
    const by = tokens[2]?.kind === Kind.Number ? parseNumber(tokens[2].text) : undefined;
    ensure(
      by !== undefined,
      'number-expected',
      `\`${at.text}\` needs the lines to count on by`,
      tokens[2] ?? at,
    );
    step = toLine(sign.is('-') ? -by : by);
    i = 3;
  }
  const name = tokens[i];
  frame.renumbered = {
    from: at.line,
    to: toLine(value),
    step,
    name: name && (name.kind === Kind.String ? stringOf(name) : detokenise(tokens.slice(i))),
  };
};

/** Line numbers have 32 bits. */
function toLine(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

const ignore: Handler = () => {};

/** `%pragma` (NASM manual 4.12): what is the preprocessor's is done here. */
const pragma: Handler = (state, raw, at) => {
  const tokens = expandSingles(state, raw);
  if (tokens[0]?.kind !== Kind.Identifier) return;
  if (tokens[0].lower !== 'preproc') state.host.pragma(tokens, at);
  else if (tokens[1]?.lower === 'sane_empty_expansion') state.saneEmpty = isOn(state, tokens.slice(2), at);
};

/** A switch: nothing, a word or an expression. */
function isOn(state: State, tokens: readonly Token[], at: Token): boolean {
  const word = tokens[0]?.lower;
  if (word === undefined || word === 'yes' || word === 'true' || word === 'on') return true;
  if (word === 'no' || word === 'false' || word === 'off') return false;
  return state.host.evaluate(tokens, at).value !== 0n;
}

/** `%depend "file"`: nothing to do here, whoever builds asks for what was read. */
const depend: Handler = (state, raw, at) => {
  const tokens = expandSingles(state, raw);
  const name = tokens[0];
  ensure(name?.kind === Kind.String, 'string-expected', '`%depend` needs a file name in quotes', name ?? at);
  trailing(state, tokens.slice(1), at);
};

/** What `%clear` forgets, by its words (NASM manual 4.11.5). */
const CLEARS: Readonly<Record<string, readonly ('defines' | 'aliases' | 'macros')[]>> = {
  all: ['defines', 'aliases', 'macros'],
  define: ['defines'],
  def: ['defines'],
  smacro: ['defines'],
  defalias: ['aliases'],
  alias: ['aliases'],
  salias: ['aliases'],
  alldef: ['defines', 'aliases'],
  alldefine: ['defines', 'aliases'],
  macro: ['macros'],
  mmacro: ['macros'],
  ...Object.fromEntries(['nothing', 'none', 'ignore', '-', '--'].map((word) => [word, []])),
};

function clearSingles(table: Map<string, SingleMacro[]>, aliases: boolean): void {
  for (const [name, macros] of table) {
    const kept = macros.filter((m) => (m.alias ?? false) !== aliases);
    if (kept.length > 0) table.set(name, kept);
    else table.delete(name);
  }
}

const clear: Handler = (state, raw) => {
  const tokens = expandSingles(state, raw);
  let local = false;
  if (tokens.length === 0) return clearAll(state, ['defines', 'macros'], false);
  for (const t of tokens) {
    if (t.lower === 'context' || t.lower === 'ctx') local = true;
    else if (t.lower === 'global') local = false;
    else {
      const what = Object.hasOwn(CLEARS, t.lower) ? CLEARS[t.lower] : undefined;
      ensure(what, 'name-expected', `\`%clear\` knows no \`${t.text}\``, t);
      clearAll(state, what, local);
    }
  }
};

function clearAll(state: State, what: readonly string[], local: boolean): void {
  const tables = local ? state.contexts.map((c) => c.singles) : [state.singles, state.caselessSingles];
  for (const table of tables) {
    if (what.includes('defines')) clearSingles(table, false);
    if (what.includes('aliases')) clearSingles(table, true);
  }
  if (what.includes('macros') && !local) state.multis.clear();
}

/** `%aliases off`: names of `%defalias` are ordinary ones (NASM manual 4.1.11). */
const aliases: Handler = (state, tokens) => {
  state.aliases = tokens[0]?.lower !== 'off';
};

/** Directives that steer what is read next, and the small ones. */
export const FLOW: Record<string, Handler> = {
  include,
  use,
  exitrep,
  exitmacro,
  rotate,
  error: userError,
  warning: userWarning,
  fatal,
  push,
  pop,
  repl,
  line,
  clear,
  depend,
  pragma,
  null: ignore,
  ...STACK,
  aliases,
};
