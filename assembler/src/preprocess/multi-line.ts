import { Complaint } from '../diagnostics';
import { MAX_INDIRECTION, MAX_LINE_TOKENS, MAX_NESTING } from '../limits';
import { isClosed, tokenise } from '../text/lexer';
import { Kind, type Token } from '../text/token';
import { environmentName } from './conditionals';
import { pasteParameters } from './paste';
import { append, expandSingles } from './single-line';
import { type Call, contextName, ensure, Frame, type MultiMacro, type State } from './state';

/** Condition codes by their opposite, for `%-1`. */
const OPPOSITE: Record<string, string> = {
  a: 'na',
  ae: 'nae',
  b: 'nb',
  be: 'nbe',
  c: 'nc',
  e: 'ne',
  g: 'ng',
  ge: 'nge',
  l: 'nl',
  le: 'nle',
  na: 'a',
  nae: 'ae',
  nb: 'b',
  nbe: 'be',
  nc: 'c',
  ne: 'e',
  ng: 'g',
  nge: 'ge',
  nl: 'l',
  nle: 'le',
  no: 'o',
  np: 'p',
  ns: 's',
  nz: 'z',
  o: 'no',
  p: 'np',
  pe: 'po',
  po: 'pe',
  s: 'ns',
  z: 'nz',
};

/** Splits the parameters of a call at commas outside braces; braces around a parameter go. */
export function splitParameters(tokens: readonly Token[], from: number): Token[][] {
  return parameterStarts(tokens, from).map((start) => parameterFrom(tokens, start, true));
}

/** Where the parameters of a call begin. Braces only group where a parameter begins with one. */
function parameterStarts(tokens: readonly Token[], from: number): number[] {
  if (from >= tokens.length) return [];
  const starts = [from];
  let i = from;
  for (;;) {
    if (tokens[i]?.is('{')) {
      const open = tokens[i];
      let depth = 0;
      do {
        if (tokens[i].is('{')) depth++;
        else if (tokens[i].is('}')) depth--;
        i++;
      } while (depth > 0 && i < tokens.length);
      if (depth > 0) throw new Complaint('macro-parameter', 'the parameter has no closing brace', open);
      if (i < tokens.length && !tokens[i].is(','))
        throw new Complaint('macro-parameter', 'braces have to enclose all of the parameter', tokens[i]);
    }
    while (i < tokens.length && !tokens[i].is(',')) i++;
    if (i >= tokens.length) return starts;
    starts.push(++i);
  }
}

/** The parameter that begins at `start`: up to a comma, if commas end it, or without the braces around it. */
function parameterFrom(tokens: readonly Token[], start: number, commas: boolean): Token[] {
  const braced = tokens[start]?.is('{') ?? false;
  let depth = 0;
  let i = start;
  for (; i < tokens.length; i++) {
    const t = tokens[i];
    if (t.is('{')) depth++;
    else if (t.is('}')) {
      if (--depth === 0 && braced) return tokens.slice(start + 1, i);
    } else if (commas && !braced && depth === 0 && t.is(',')) break;
  }
  return tokens.slice(braced ? start + 1 : start, i);
}

/** Is the last of several parameters an empty one without braces? */
export function endsEmpty(parameters: readonly (readonly Token[])[]): boolean {
  return parameters.length > 1 && parameters[parameters.length - 1].length === 0;
}

function named(state: State, token: Token): MultiMacro[] | undefined {
  if (token.kind !== Kind.Identifier) return undefined;
  const all = state.multis.get(token.lower);
  if (!all) return undefined;
  const fitting = all.filter((m) => m.caseless || m.name === token.text);
  return fitting.length > 0 ? fitting : undefined;
}

/**
 * Finds the macro a line calls and starts it: the line is used up. What remains
 * of it is the label before the call, unless the macro takes it as `%00`.
 */
export function callMulti(state: State, tokens: readonly Token[]): { label: readonly Token[] } | undefined {
  if (state.multis.size === 0) return undefined;
  const found = match(state, tokens, 0);
  if (found) return start(state, found.macro, tokens, 0, found.parameters, []);
  if (tokens[0].kind !== Kind.Identifier && !contextName(tokens[0].text)) return undefined;
  const colon = tokens[1]?.is(':') ?? false;
  const at = colon ? 2 : 1;
  if (at >= tokens.length) return undefined;
  const behind = match(state, tokens, at);
  if (!behind) return undefined;
  return start(state, behind.macro, tokens, at, behind.parameters, tokens.slice(0, 1));
}

/**
 * NASM's search with all that it forgives (`is_mmacro`): a call with nothing but
 * white space may reach a macro with one parameter, an empty parameter behind
 * the last comma may be dropped or replaced by a default.
 */
function match(
  state: State,
  tokens: readonly Token[],
  at: number,
): { macro: MultiMacro; parameters: Token[][] } | undefined {
  const macros = named(state, tokens[at]);
  if (!macros) return undefined;
  const first = macros.findIndex((m) => m.active === 0 || m.recursive);
  if (first < 0) return undefined;
  const find = (n: number) =>
    macros.find((m, i) => i >= first && n >= m.minimum && (m.greedy || n <= m.maximum));
  const starts = parameterStarts(tokens, at + 1);
  const given = starts.length;
  const trailing = given > 1 && starts[given - 1] >= tokens.length;
  let count = given;
  let dropped = false;
  let macro = find(given);
  if (state.saneEmpty || (macro && !trailing)) {
    // Nothing to forgive.
  } else if (macro) {
    const optional = given > macro.minimum && given <= macro.minimum + macro.defaults.length;
    dropped = !optional && !(given > macro.maximum && macro.greedy);
    if (dropped) count--;
  } else if (given === 0 && state.blankEnd) {
    macro = find(1);
  } else if (trailing) {
    macro = find(given - 1);
    count--;
  }
  if (!macro) {
    const message = `macro \`${macros[0].name}\` exists, but not taking ${given} parameters`;
    state.warn('pp-macro-params-multi', message, tokens[at]);
    return undefined;
  }
  if (macro.active > 0 && !macro.recursive) return undefined;
  if (!state.saneEmpty) warnOfLegacy(state, macro, given, trailing, tokens[at]);
  const { defaults, minimum, maximum, greedy } = macro;
  const withDefaults = given > 0 || minimum === 0 ? Math.max(count, minimum + defaults.length) : 0;
  const total = dropped ? count : withDefaults;
  const most = greedy ? Math.min(total, maximum) : total;
  const text = trailing && !state.saneEmpty ? tokens.slice(0, starts[given - 1] - 1) : tokens;
  const parameters: Token[][] = [];
  for (let n = 1; n <= most; n++) {
    const isDefault = n > count || (trailing && !state.saneEmpty && n === given);
    if (isDefault) parameters.push(defaults[n - 1 - minimum] ?? []);
    else parameters.push(parameterFrom(text, starts[n - 1], !greedy || n < most));
  }
  return { macro, parameters };
}

/** Says what the call is forgiven. */
function warnOfLegacy(state: State, macro: MultiMacro, given: number, trailing: boolean, at: Token): void {
  const improper = given < macro.minimum || (given > macro.maximum && !macro.greedy);
  if (!improper && !trailing) return;
  const message = improper
    ? `macro \`${macro.name}\` is called although it does not take ${given} parameters`
    : `the empty last parameter of \`${macro.name}\` counts for nothing: put braces there, \`{}\``;
  state.warn('pp-macro-params-legacy', message, at);
}

const NOTHING = { label: [] };

function start(
  state: State,
  macro: MultiMacro,
  tokens: readonly Token[],
  at: number,
  parameters: Token[][],
  label: readonly Token[],
): { label: readonly Token[] } {
  const parent = state.frame!;
  const most = Math.min(MAX_NESTING, state.host.limitOf('macro-levels') ?? MAX_NESTING);
  if (parent.depth - parent.top.depth >= most || parent.depth >= MAX_NESTING) {
    state.stop(
      'limit',
      `macro calls nested deeper than ${most}: does \`${macro.name}\` call itself?`,
      tokens[at],
    );
    return NOTHING;
  }
  const call: Call = {
    macro,
    name: tokens[at],
    parameters,
    rotation: 0,
    unique: state.unique++,
    label: [...label],
  };
  macro.active++;
  state.frame = new Frame('macro', macro.lines, parent, tokens[at], call);
  if (label.length === 0 || macro.takesLabel) return NOTHING;
  return { label: [label[0], label[0].with(Kind.Operator, ':', false)] };
}

/** Ends the frame on top. */
export function leaveFrame(state: State): void {
  const frame = state.frame!;
  if (frame.kind === 'macro') frame.call!.macro.active--;
  state.frame = frame.parent;
}

/** The nearest frame of the macro call `frame` belongs to. */
export function macroFrame(frame: Frame | undefined): Frame | undefined {
  let f = frame;
  while (f && f.kind === 'repeat') f = f.parent;
  return f?.kind === 'macro' ? f : undefined;
}

function parameterAt(call: Call, index: number): Token[] {
  const count = call.parameters.length;
  if (index < 1 || index > count) return [];
  return call.parameters[(((index - 1 + call.rotation) % count) + count) % count];
}

/** Directives that want the name of a variable, not its value. */
const TAKES_VARIABLES = /^%(el)?ifn?(env|def)$/i;

/**
 * Replaces `%1`, `%%name`, `%0`, `%[…]` and their kin, before anything else
 * looks at a line (NASM's `expand_mmac_params`).
 */
export function expandParameters(state: State, tokens: readonly Token[]): readonly Token[] {
  const call = macroFrame(state.frame)?.call;
  const out: Token[] = [];
  let changed = false;
  // An empty parameter leaves its white space behind.
  let space = false;
  const byName = tokens[0]?.kind === Kind.Preprocessor && TAKES_VARIABLES.test(tokens[0].text);
  for (const t of tokens) {
    const keep = t.kind !== Kind.Preprocessor || (byName && t.text[1] === '!');
    const replaced = keep ? undefined : replace(state, call, t);
    if (replaced) changed = true;
    if (replaced?.length === 0) {
      space ||= t.space;
      continue;
    }
    const before = space || t.space;
    space = false;
    if (replaced) append(out, replaced, before);
    else out.push(t.spaced(before));
  }
  if (space) state.blankEnd = true;
  if (!changed) return tokens;
  state.spend(out.length, tokens[0]);
  if (out.length > MAX_LINE_TOKENS) {
    throw new Complaint(
      'limit',
      `the parameters of this line expand to more than ${MAX_LINE_TOKENS} tokens`,
      tokens[0],
    );
  }
  return pasteParameters(out);
}

function replace(state: State, call: Call | undefined, t: Token): readonly Token[] | undefined {
  const text = t.text;
  const c = text[1];
  if (c === '[') return indirect(state, t);
  if (c === '?') {
    if (!call) return undefined;
    return [t.with(Kind.Identifier, text.endsWith('??') ? call.macro.name : call.name.text)];
  }
  if (c === '!') {
    const value = state.host.environment(environmentName(t));
    if (value === undefined) {
      state.warn('pp-environment', `there is no environment variable \`${environmentName(t)}\``, t);
      return [];
    }
    return tokenise(value, t.file, t.line, () => ({ line: t.line, column: t.column }));
  }
  if (c === '%' && text.length > 2) {
    if (!call) throw new Complaint('macro-outside', `\`${text}\` is only known inside a macro`, t);
    return [t.with(Kind.Identifier, `..@${call.unique}.${text.slice(2)}`)];
  }
  const range = /^%(-?\d+):(-?\d+)$/.exec(text);
  if (range) return parameterRange(call, Number(range[1]), Number(range[2]), t);
  const number = /^%([+-]?)(\d+)$/.exec(text);
  if (!number) return undefined;
  if (!call) throw new Complaint('macro-outside', `\`${text}\` is only known inside a macro`, t);
  if (number[2] === '00') return call.label;
  if (number[2] === '0') return [t.with(Kind.Number, String(call.parameters.length))];
  const value = parameterAt(call, Number(number[2]));
  return number[1] === '' ? value : condition(value, number[1], t);
}

/** `%+1` and `%-1`: a condition code and its opposite (NASM manual 4.3.6). */
function condition(value: Token[], sign: string, t: Token): Token[] {
  const code = value.length === 1 ? value[0].lower : '';
  if (sign === '-' && (code === 'cxz' || code === 'ecxz' || code === 'rcxz')) {
    throw new Complaint('condition-invalid', `condition \`${code}\` has no opposite`, t);
  }
  if (OPPOSITE[code] === undefined && !/^[er]?cxz$/.test(code)) {
    throw new Complaint('condition-invalid', `the parameter of \`${t.text}\` is not a condition code`, t);
  }
  return [t.with(Kind.Identifier, sign === '-' ? OPPOSITE[code] : code)];
}

function parameterRange(call: Call | undefined, first: number, last: number, t: Token): Token[] {
  if (!call) throw new Complaint('macro-outside', `\`${t.text}\` is only known inside a macro`, t);
  const count = call.parameters.length;
  const position = (n: number) => (n < 0 ? count + 1 + n : n);
  const from = position(first);
  const to = position(last);
  const fits = first !== 0 && last !== 0 && from >= 1 && to >= 1 && from <= count && to <= count;
  ensure(fits, 'macro-parameter', `\`${t.text}\`: the call has ${count} parameters`, t);
  const out: Token[] = [];
  const step = from <= to ? 1 : -1;
  for (let n = from; ; n += step) {
    if (n !== from) out.push(t.with(Kind.Operator, ',', false));
    append(out, parameterAt(call, n), false);
    if (n === to) return out;
  }
}

/** `%[…]`: the expansion of what stands inside. */
function indirect(state: State, t: Token): readonly Token[] {
  const offset = t.column + 2;
  const closed = isClosed(t.text, 1);
  if (!closed) state.warn('pp-open-brackets', `\`${t.text}\` has no closing bracket`, t);
  const inner = tokenise(t.text.slice(2, closed ? -1 : undefined), t.file, t.line, (o) => ({
    line: t.line,
    column: offset + o,
  }));
  if (state.indirection >= MAX_INDIRECTION)
    throw new Complaint('limit', `\`%[…]\` nested deeper than ${MAX_INDIRECTION}`, t);
  state.indirection++;
  try {
    return expandSingles(state, expandParameters(state, inner));
  } finally {
    state.indirection--;
  }
}
