import { Complaint } from '../diagnostics';
import { MAX_INDIRECTION, MAX_LINE_TOKENS, MAX_NESTING } from '../limits';
import { tokenise } from '../text/lexer';
import { Kind, type Token } from '../text/token';
import { environmentName } from './conditionals';
import { append, expandSingles, paste } from './single-line';
import { type Call, Frame, type MultiMacro, type State } from './state';

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
  const parameters: Token[][] = [];
  if (from >= tokens.length) return parameters;
  let current: Token[] = [];
  let depth = 0;
  let stripped = false;
  for (let i = from; i < tokens.length; i++) {
    const t = tokens[i];
    if (t.kind === Kind.Operator) {
      if (t.text === '{') {
        if (depth++ === 0 && current.length === 0) {
          stripped = true;
          continue;
        }
      } else if (t.text === '}' && depth > 0) {
        if (--depth === 0 && stripped) continue;
      } else if (t.text === ',' && depth === 0) {
        parameters.push(current);
        current = [];
        stripped = false;
        continue;
      }
    }
    current.push(t);
  }
  parameters.push(current);
  return parameters;
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
  if (tokens[0].kind !== Kind.Identifier) return undefined;
  const colon = tokens[1]?.is(':') ?? false;
  const at = colon ? 2 : 1;
  if (at >= tokens.length) return undefined;
  const behind = match(state, tokens, at);
  if (!behind) return undefined;
  return start(state, behind.macro, tokens, at, behind.parameters, tokens.slice(0, 1));
}

function match(
  state: State,
  tokens: readonly Token[],
  at: number,
): { macro: MultiMacro; parameters: Token[][] } | undefined {
  const macros = named(state, tokens[at]);
  if (!macros) return undefined;
  const parameters = splitParameters(tokens, at + 1);
  const fits = (n: number) => macros.find((m) => n >= m.minimum && (m.greedy || n <= m.maximum));
  const given = parameters.length;
  let macro = fits(given);
  if (!macro && given > 0 && parameters[given - 1].length === 0) {
    // A comma too many at the end is forgiven.
    macro = fits(given - 1);
    if (macro) parameters.pop();
  }
  if (macro) {
    if (macro.active > 0 && !macro.recursive) return undefined;
    // An empty parameter behind the last comma does not count.
    if (parameters.length > 1 && parameters[parameters.length - 1].length === 0) parameters.pop();
    return { macro, parameters };
  }
  if (macros.every((m) => m.active === 0)) {
    state.warn(
      'macro-parameters',
      `macro \`${macros[0].name}\` exists, but not taking ${given} parameters`,
      tokens[at],
    );
  }
  return undefined;
}

const NOTHING = { label: [] };

function start(
  state: State,
  macro: MultiMacro,
  tokens: readonly Token[],
  at: number,
  given: Token[][],
  label: readonly Token[],
): { label: readonly Token[] } {
  let parameters = given;
  if (macro.greedy && parameters.length > macro.maximum && macro.maximum > 0) {
    const last = macro.maximum - 1;
    // The rest keeps its commas and braces exactly as written.
    parameters = [...parameters.slice(0, last), greedyRest(tokens, at + 1, last)];
  }
  for (let i = parameters.length - macro.minimum; i >= 0 && i < macro.defaults.length; i++) {
    if (parameters.length >= macro.maximum) break;
    parameters.push(macro.defaults[i]);
  }
  const parent = state.frame!;
  if (parent.depth >= MAX_NESTING) {
    state.stop(
      'limit',
      `macro calls nested deeper than ${MAX_NESTING}: does \`${macro.name}\` call itself?`,
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

/** Everything from parameter `index` on, as written; enclosing braces of a single group go. */
function greedyRest(tokens: readonly Token[], from: number, index: number): Token[] {
  let depth = 0;
  let commas = 0;
  let i = from;
  for (; commas < index && i < tokens.length; i++) {
    if (tokens[i].is('{')) depth++;
    else if (tokens[i].is('}')) depth--;
    else if (depth === 0 && tokens[i].is(',')) commas++;
  }
  return tokens.slice(i);
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
  for (const t of tokens) {
    const replaced = t.kind === Kind.Preprocessor ? replace(state, call, t) : undefined;
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
  if (!changed) return tokens;
  state.spend(out.length, tokens[0]);
  if (out.length > MAX_LINE_TOKENS) {
    throw new Complaint(
      'limit',
      `the parameters of this line expand to more than ${MAX_LINE_TOKENS} tokens`,
      tokens[0],
    );
  }
  return pasteWords(out);
}

/** Only words are glued here; `%+` waits until single-line macros are expanded. */
function pasteWords(tokens: Token[]): readonly Token[] {
  return tokens.some((t) => t.text === '%+') ? tokens : paste(tokens);
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
    const value = state.host.environment(environmentName(t)) ?? '';
    return tokenise(value, t.file, t.line, () => ({ line: t.line, column: t.column }));
  }
  if (c === '%' && text.length > 2) {
    if (!call) throw new Complaint('macro-outside', `\`${text}\` is only known inside a macro`, t);
    return [t.with(Kind.Identifier, `..@${call.unique}.${text.slice(2)}`)];
  }
  if (c === ',') {
    return call && call.parameters.length === 0 ? [] : [t.with(Kind.Operator, ',')];
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
  if (from < 1 || to < 1 || from > count || to > count) return [];
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
  const inner = tokenise(t.text.slice(2, -1), t.file, t.line, (o) => ({ line: t.line, column: offset + o }));
  if (state.indirection >= MAX_INDIRECTION)
    throw new Complaint('limit', `\`%[…]\` nested deeper than ${MAX_INDIRECTION}`, t);
  state.indirection++;
  try {
    return expandSingles(state, expandParameters(state, inner));
  } finally {
    state.indirection--;
  }
}
