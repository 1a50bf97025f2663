import { Complaint } from '../diagnostics';
import { MAX_LINE_TOKENS, MAX_NESTING } from '../limits';
import { quote, utf8 } from '../text/string';
import { detokenise, Kind, type Token } from '../text/token';
import { pasteSingles } from './paste';
import { contextName, numberTokens, type SingleMacro, type SingleParameter, type State } from './state';

/** All macros a token may name, in the order NASM looks for them. */
export function findSingles(state: State, token: Token): SingleMacro[] | undefined {
  if (token.kind === Kind.Identifier) {
    const exact = state.singles.get(token.text);
    if (exact) return exact;
    return state.caselessSingles.size > 0 ? state.caselessSingles.get(token.lower) : undefined;
  }
  if (token.kind !== Kind.Preprocessor) return undefined;
  if (token.text[1] !== '$') return state.functions.get(token.lower);
  const local = contextName(token.text)!;
  const context = state.context(local.dollars);
  if (!context) throw noContext(token);
  const { singles } = context;
  return singles.get(local.name) ?? singles.get(`\0${local.name.toLowerCase()}`);
}

function noContext(token: Token): Complaint {
  return new Complaint('context-missing', `no context for \`${token.text}\`: use \`%push\` first`, token);
}

/** The table and key a macro name belongs to; complains about `%$x` without a context. */
export function singleTable(
  state: State,
  name: Token,
  caseless: boolean,
): { table: Map<string, SingleMacro[]>; key: string } {
  const local = contextName(name.text);
  if (local) {
    const context = state.context(local.dollars);
    if (!context) throw noContext(name);
    return { table: context.singles, key: caseless ? `\0${local.name.toLowerCase()}` : local.name };
  }
  return caseless
    ? { table: state.caselessSingles, key: name.lower }
    : { table: state.singles, key: name.text };
}

/** The fewest and the most parameters a call may have. */
function counts(macro: SingleMacro): { least: number; most: number } {
  const { parameters } = macro;
  if (!parameters) return { least: 0, most: 0 };
  let least = parameters.length;
  while (least > 1 && (parameters[least - 1].greedy || parameters[least - 1].optional)) least--;
  const last = parameters[parameters.length - 1];
  return { least, most: last?.greedy || last?.variadic ? Number.MAX_SAFE_INTEGER : parameters.length };
}

function takes(macro: SingleMacro, given: number): boolean {
  const { least, most } = counts(macro);
  return given >= least && given <= most;
}

/**
 * Adds a macro. One that can be called in the same way goes; others of the name
 * stay behind it.
 */
export function defineSingle(state: State, name: Token, macro: SingleMacro): void {
  const { table, key } = singleTable(state, name, macro.caseless);
  if (name.kind === Kind.Identifier) state.host.names.add(name.text);
  const others = table.get(key) ?? [];
  const given = macro.parameters?.length ?? 0;
  const same = others.findIndex((m) => given === 0 || !m.parameters || takes(m, given));
  const old = others[same];
  const shadow = old && shadowing(old, macro);
  if (shadow) state.warn(shadow.code, shadow.message, name);
  else warnOfCase(state, name, macro.caseless);
  if (!old || shadow) table.set(key, [macro, ...others]);
  else table.set(key, others.with(same, macro));
}

/** Why a new macro does not replace the old one of its name, but hides it. */
function shadowing(old: SingleMacro, macro: SingleMacro): { code: string; message: string } | undefined {
  if ((old.parameters === undefined) !== (macro.parameters === undefined))
    return {
      code: 'pp-macro-def-param-single',
      message: `macro \`${macro.name}\` is defined both with and without parameters`,
    };
  if ((old.parameters?.length ?? 0) >= (macro.parameters?.length ?? 0)) return undefined;
  return {
    code: 'pp-macro-def-greedy-single',
    message: `macro \`${macro.name}\` hides an earlier one that takes as many parameters as there are`,
  };
}

function warnOfCase(state: State, name: Token, caseless: boolean): void {
  if (name.kind !== Kind.Identifier) return;
  const hidden = caseless ? state.singles.has(name.text) : state.caselessSingles.has(name.lower);
  if (!hidden) return;
  const message = `macro \`${name.text}\` is defined with and without regard to case: the new one hides the other`;
  state.warn('pp-macro-def-case-single', message, name);
}

/** Replaces every single-line macro call. Gives the same array back when there is none. */
export function expandSingles(state: State, tokens: readonly Token[]): readonly Token[] {
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i];
    if (t.kind === Kind.Preprocessor || (t.kind === Kind.Identifier && findSingles(state, t))) {
      state.budget = MAX_LINE_TOKENS;
      return expandFrom(state, tokens);
    }
  }
  return tokens;
}

/** Rounds of pasting and expanding again before a line counts as endless. */
const MAX_ROUNDS = 64;

function expandFrom(state: State, tokens: readonly Token[]): readonly Token[] {
  let current = tokens;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { out, expanded } = expandOnce(state, current);
    if (round > 0 && !expanded) return out;
    current = pasteSingles(out);
    // What was pasted together may name a macro itself.
    if (current === out) break;
  }
  return current;
}

/** Expands inside an expansion, with the budget of its line. */
function expandNested(state: State, tokens: readonly Token[]): readonly Token[] {
  return tokens.length > 0 ? expandFrom(state, tokens) : tokens;
}

/** Tokens still to be read, the next one last. */
type Pending = Token[];

function expandOnce(state: State, tokens: readonly Token[]): { out: readonly Token[]; expanded: boolean } {
  const pending: Pending = tokens.toReversed();
  const out: Token[] = [];
  let expanded = false;
  while (pending.length > 0) {
    const base = callTop(state, pending, 0);
    if (base < 0) out.push(pending.pop()!);
    else {
      expanded = true;
      while (pending.length > base) out.push(pending.pop()!);
    }
  }
  if (!expanded) return { out: tokens, expanded };
  return { out, expanded };
}

/**
 * If the token on top calls a macro: puts the finished expansion in the place of
 * the call and gives back how many tokens lie below it. −1: it is no call.
 *
 * Like NASM, the body is worked through from its end: a macro in it finds what
 * stands behind it expanded already, be it in the body or behind the call.
 */
function callTop(state: State, pending: Pending, depth: number): number {
  const token = pending[pending.length - 1];
  if (token.kind !== Kind.Identifier && token.kind !== Kind.Preprocessor) return -1;
  const macros = findSingles(state, token);
  if (!macros) return -1;
  const found = findCall(state, macros, token, pending);
  if (!found) return -1;
  const { macro } = found;
  if (macro.active > 0 && !macro.recursive) return -1;
  if (depth > MAX_NESTING) throw new Complaint('limit', `macros nested deeper than ${MAX_NESTING}`, token);
  macro.active++;
  try {
    pending.length = found.rest;
    const args = found.args && prepared(state, macro, found.args, token);
    const body = macro.compute ? macro.compute(token, args ?? [], state) : macro.body;
    return putBody(state, macro, body, args ?? [], token, pending, depth);
  } finally {
    macro.active--;
  }
}

/** `%?`, `%??`, `%*?` and `%*??`: what the macro is called. */
const OWN_NAME = /^%[*]?[?]{1,2}$/;

/** Where the parameters of a body stand: their kind is `Operator`, their text this and their number. */
const PARAMETER = '\0';

/** The token that stands for parameter `index` in a body. */
export function parameterToken(at: Token, index: number): Token {
  return at.with(Kind.Operator, PARAMETER + index);
}

function putBody(
  state: State,
  macro: SingleMacro,
  body: readonly Token[],
  args: readonly (readonly Token[])[],
  at: Token,
  pending: Pending,
  depth: number,
): number {
  const provenance = { macro: macro.name, parent: at.provenance };
  let base = pending.length;
  // `%,` is a comma if something stands behind it.
  let follows = false;
  const put = (t: Token): void => {
    state.budget--;
    if (state.budget < 0) {
      const message = `the macros of this line expand to more than ${MAX_LINE_TOKENS} tokens`;
      throw new Complaint('limit', message, at);
    }
    if (t.kind === Kind.Preprocessor && OWN_NAME.test(t.text)) {
      // The name in the definition, or in the call; in a parameter, too, that no other macro took before.
      const name = t.text.endsWith('??') ? fullName(macro, at) : at.text;
      pending.push(at.with(at.kind, name, t.space));
      return;
    }
    const before = pending.length;
    pending.push(t);
    const below = callTop(state, pending, depth + 1);
    if (below >= 0 && below < base) base = below;
    if (pending.length > before) follows = true;
  };
  for (let i = body.length - 1; i >= 0; i--) {
    const t = body[i];
    if (t.kind === Kind.Operator && t.text[0] === PARAMETER) {
      const value = args[Number(t.text.slice(1))] ?? [];
      follows = false;
      for (let j = value.length - 1; j >= 0; j--) put(j === 0 && t.space ? value[0].spaced(true) : value[j]);
      if (value.length === 0) keepBlank(state, pending, t);
    } else if (t.kind !== Kind.Preprocessor) put(t.calledAt(at, provenance, t.space));
    else if (t.text !== '%,') put(t.calledAt(at, provenance, t.space));
    else if (follows) put(at.with(Kind.Operator, ',', t.space));
  }
  state.spend(body.length + 1, at);
  const first = pending.length - 1;
  if (pending.length > base) pending[first] = pending[first].spaced(at.space);
  else keepBlank(state, pending, at);
  return base;
}

/** The white space before something that vanishes stays. */
function keepBlank(state: State, pending: Pending, gone: Token): void {
  const next = pending.length - 1;
  if (!gone.space) return;
  if (next >= 0) pending[next] = pending[next].spaced(true);
  else state.blankEnd = true;
}

/** `%??`: the name as defined, with the `%$` of the call. */
function fullName(macro: SingleMacro, at: Token): string {
  const local = contextName(at.text);
  return local ? `%${'$'.repeat(local.dollars)}${contextName(macro.name)?.name ?? macro.name}` : macro.name;
}

interface Found {
  macro: SingleMacro;
  args: Token[][] | undefined;
  /** Tokens left behind the call. */
  rest: number;
}

/** Finds the macro that the token on top calls. The latest definition decides whether there are parentheses. */
function findCall(state: State, macros: SingleMacro[], token: Token, pending: Pending): Found | undefined {
  const at = state.aliases ? 0 : macros.findIndex((m) => !m.alias);
  if (at < 0) return undefined;
  if (!macros[at].parameters) return { macro: macros[at], args: undefined, rest: pending.length - 1 };
  if (!pending[pending.length - 2]?.is('(')) return undefined;
  const given = countArguments(pending);
  if (given < 0)
    throw new Complaint('macro-call', `the call of \`${token.text}\` has no closing parenthesis`, token);
  const macro = macros.find((m, i) => i >= at && m.parameters && takes(m, given));
  if (!macro) {
    const message = `macro \`${token.text}\` exists, but not taking ${given} parameters`;
    state.warn('pp-macro-params-single', message, token);
    return undefined;
  }
  const { args, rest } = readArguments(pending, macro.parameters!);
  return { macro, args, rest };
}

/** How many parameters stand in the parentheses below the top; −1 when they do not close. */
function countArguments(pending: Pending): number {
  let count = 1;
  let depth = 0;
  let braces = 0;
  for (let i = pending.length - 2; i >= 0; i--) {
    const p = pending[i];
    if (p.kind !== Kind.Operator) continue;
    if (p.text === '{') braces++;
    else if (p.text === '}') braces -= braces > 0 ? 1 : 0;
    else if (braces > 0) continue;
    else if (p.text === '(') depth++;
    else if (p.text === ')' && --depth === 0) return count;
    else if (p.text === ',' && depth === 1) count++;
  }
  return -1;
}

/** Reads the parameters below the top; a greedy one takes what is left. */
function readArguments(
  pending: Pending,
  parameters: readonly SingleParameter[],
): { args: Token[][]; rest: number } {
  const args: Token[][] = [];
  const flags = () => parameters[Math.min(args.length, parameters.length) - 1];
  let current: Token[] = [];
  args.push(current);
  let depth = 1;
  let braces = 0;
  let bracketed = false;
  let i = pending.length - 3;
  for (; i >= 0; i--) {
    const p = pending[i];
    if (p.kind === Kind.Operator) {
      if (p.text === ',' && braces === 0 && depth === 1 && !flags().greedy) {
        current = [];
        args.push(current);
        bracketed = false;
        continue;
      }
      if (p.text === '{') {
        const opens: boolean = !bracketed && current.length === 0 && !flags().raw;
        bracketed ||= opens;
        braces++;
        if (opens) continue;
      } else if (p.text === '}' && braces > 0) {
        if (--braces === 0 && bracketed) continue;
      } else if (p.text === '(' && braces === 0) depth++;
      else if (p.text === ')' && braces === 0 && --depth === 0) break;
    }
    // White space around a parameter goes, inside braces only that behind it.
    current.push(current.length === 0 && !bracketed ? p.spaced(false) : p);
  }
  return { args, rest: i };
}

/** Evaluates and quotes parameters as their definition wants it. */
function prepared(state: State, macro: SingleMacro, args: Token[][], at: Token): (readonly Token[])[] {
  const parameters = macro.parameters!;
  const count = Math.max(args.length, parameters.length);
  return Array.from({ length: count }, (_, i) => {
    const p = parameters[Math.min(i, parameters.length - 1)];
    let value: readonly Token[] = args[i] ?? [];
    if (p.evaluated) {
      const expression = expandNested(state, value);
      if (expression.length === 0 && p.absent) return p.absent.map((text) => at.with(Kind.Number, text));
      if (expression.length === 0 && p.optional) return [];
      const result = state.host.evaluate(expression, at);
      if (result.terms.length > 0)
        throw new Complaint('not-a-number', `\`${macro.name}\` needs pure numbers`, expression[0] ?? at);
      value = numberTokens(result.value, at);
    }
    if (p.quoted) {
      const text = expandNested(state, value);
      const ready = p.quoted === 'unless string' && text.length === 1 && text[0].kind === Kind.String;
      const blank = text[0]?.space ? ' ' : '';
      value = ready ? text : [at.with(Kind.String, quote(utf8(blank + detokenise(text))))];
    }
    return value;
  });
}

/** Adds tokens; the first has white space before it or not. No spreading: lists may be long. */
export function append(out: Token[], tokens: readonly Token[], space: boolean): void {
  for (let i = 0; i < tokens.length; i++) out.push(i === 0 ? tokens[0].spaced(space) : tokens[i]);
}

/** `%$name` that is no macro is a label of its context: the name it gets in the end. */
export function nameLocals(state: State, tokens: readonly Token[]): readonly Token[] {
  if (!tokens.some((t) => t.kind === Kind.Preprocessor && t.text[1] === '$')) return tokens;
  return tokens.map((t) => {
    const local = t.kind === Kind.Preprocessor ? contextName(t.text) : undefined;
    if (!local) return t;
    const context = state.context(local.dollars);
    if (!context) throw noContext(t);
    return t.with(Kind.Identifier, `..@${context.unique}.${local.name}`);
  });
}
