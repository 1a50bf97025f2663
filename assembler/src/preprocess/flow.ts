import { Complaint } from '../diagnostics';
import { MAX_INCLUDES, MAX_REPEAT } from '../limits';
import { stringOf } from '../parse/expression';
import type { SourceFile } from '../text/source';
import { detokenise, Kind, type Token } from '../text/token';
import { packageName } from './conditionals';
import type { Handler } from './define';
import { macroFrame } from './multi-line';
import { expandSingles } from './single-line';
import { STACK } from './stack';
import { type Context, ensure, Frame, type State } from './state';

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
  ensure(file, 'package-unknown', `there is no \`%use\` package \`${name}\``, tokens[0] ?? at);
  if (state.used.has(name)) return;
  state.used.add(name);
  enterFile(state, file, at);
};

/** Evaluates the count of a `%rep`; undefined lets it go on for ever (`*`). */
export function repeatCount(state: State, raw: readonly Token[], at: Token): number {
  const tokens = expandSingles(state, raw[0]?.lower === '.nolist' ? raw.slice(1) : raw);
  if (tokens[0]?.is('*')) return MAX_REPEAT;
  const value = state.host.evaluate(tokens, at);
  if (value.terms.length > 0)
    throw new Complaint('not-a-number', '`%rep` needs a pure number', tokens[0] ?? at);
  if (value.value > BigInt(MAX_REPEAT)) {
    state.stop('limit', `\`%rep\` repeats ${value.value} times; the limit is ${MAX_REPEAT}`, at);
    return 0;
  }
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
  if (count === 0) return;
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
  const name = expandSingles(state, tokens)[0];
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
  const name = expandSingles(state, tokens)[0];
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
  context.name = expandSingles(state, tokens)[0]?.text ?? '';
};

/** `%line number[+step] [file]` (NASM manual 4.10.1). */
const line: Handler = (state, tokens, at) => {
  const frame = state.frame?.top;
  const number = tokens[0];
  ensure(
    number?.kind === Kind.Number && /^\d{1,9}$/.test(number.text),
    'number-expected',
    '`%line` needs a line number',
    at,
  );
  let step = 1;
  let i = 1;
  if (tokens[1]?.is('+') && tokens[2]?.kind === Kind.Number) {
    step = Number(tokens[2].text) || 0;
    i = 3;
  } else if (tokens[1]?.kind === Kind.Preprocessor && /^%\+\d+$/.test(tokens[1].text)) i = 2;
  const name = tokens.length > i ? detokenise(tokens.slice(i)).replace(/^(["'`])(.*)\1$/, '$2') : undefined;
  if (frame && !state.host.ignoresLine())
    frame.renumbered = { from: at.line, to: Number(number.text), step, name };
};

const ignore: Handler = () => {};

/** `%clear`: forgets macros (NASM manual 4.11.5). */
const clear: Handler = (state, tokens) => {
  const what = new Set(tokens.map((t) => t.lower));
  const all = what.size === 0 || what.has('all');
  if (all || what.has('define') || what.has('def') || what.has('alldefine')) {
    state.singles.clear();
    state.caselessSingles.clear();
  }
  if (all || what.has('macro') || what.has('allmacro')) state.multis.clear();
};

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
  depend: ignore,
  pragma: ignore,
  null: ignore,
  ...STACK,
  aliases,
};
