import { Complaint } from '../diagnostics';
import { MAX_LINE_TOKENS } from '../limits';
import { tokenise } from '../text/lexer';
import { quote, utf8 } from '../text/string';
import { detokenise, Kind, Token } from '../text/token';
import { contextName, numberTokens, type SingleMacro, type State } from './state';

/** All macros a token may name, in the order NASM looks for them. */
export function findSingles(state: State, token: Token): SingleMacro[] | undefined {
  if (token.kind === Kind.Identifier) {
    const exact = state.singles.get(token.text);
    if (exact) return exact;
    return state.caselessSingles.size > 0 ? state.caselessSingles.get(token.lower) : undefined;
  }
  if (token.kind !== Kind.Preprocessor || token.text[1] !== '$') return undefined;
  const local = contextName(token.text)!;
  const singles = state.context(local.dollars)?.singles;
  return singles?.get(local.name) ?? singles?.get(`\0${local.name.toLowerCase()}`);
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
    if (!context)
      throw new Complaint('context-missing', `no context for \`${name.text}\`: use \`%push\` first`, name);
    return { table: context.singles, key: caseless ? `\0${local.name.toLowerCase()}` : local.name };
  }
  return caseless
    ? { table: state.caselessSingles, key: name.lower }
    : { table: state.singles, key: name.text };
}

/** Adds a macro; one of the same name and number of parameters goes. */
export function defineSingle(state: State, name: Token, macro: SingleMacro): void {
  const { table, key } = singleTable(state, name, macro.caseless);
  if (name.kind === Kind.Identifier) state.host.names.add(name.text);
  const others = (table.get(key) ?? []).filter(
    (m) =>
      m.parameters !== undefined &&
      macro.parameters !== undefined &&
      m.parameters.length !== macro.parameters.length,
  );
  table.set(key, [macro, ...others]);
}

/** Marks the end of an expansion among the pending tokens. */
interface End {
  ends: SingleMacro;
}

type Pending = Token | End;

const isEnd = (p: Pending): p is End => 'ends' in p;

/** Replaces every single-line macro call. Gives the same array back when there is none. */
export function expandSingles(state: State, tokens: readonly Token[]): readonly Token[] {
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i];
    if (t.kind === Kind.Preprocessor || (t.kind === Kind.Identifier && findSingles(state, t))) {
      return expandFrom(state, tokens);
    }
  }
  return tokens;
}

/** Rounds of pasting and expanding again before a line counts as endless. */
const MAX_ROUNDS = 64;

function expandFrom(state: State, tokens: readonly Token[]): readonly Token[] {
  state.budget = MAX_LINE_TOKENS;
  let current = tokens;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { out, expanded } = expandOnce(state, current);
    current = paste(out);
    // What was pasted together may name a macro itself.
    if (current === out || !expanded) break;
  }
  return current;
}

function expandOnce(state: State, tokens: readonly Token[]): { out: readonly Token[]; expanded: boolean } {
  const pending: Pending[] = [];
  for (let i = tokens.length - 1; i >= 0; i--) pending.push(tokens[i]);
  const out: Token[] = [];
  const active: SingleMacro[] = [];
  let expanded = false;
  try {
    while (pending.length > 0) {
      const token = pending.pop()!;
      if (isEnd(token)) {
        leave(token, active);
        continue;
      }
      const macros = findSingles(state, token);
      if (macros && call(state, macros, token, pending, active)) expanded = true;
      else if (token.kind === Kind.Preprocessor && contextName(token.text))
        out.push(localLabel(state, token));
      else out.push(token);
    }
  } finally {
    for (const macro of active) macro.active--;
  }
  return { out, expanded };
}

function leave(end: End, active: SingleMacro[]): void {
  end.ends.active--;
  const at = active.lastIndexOf(end.ends);
  if (at >= 0) active.splice(at, 1);
}

/** `%$name` that is no macro is a label of its context. */
function localLabel(state: State, token: Token): Token {
  const local = contextName(token.text)!;
  const context = state.context(local.dollars);
  if (!context)
    throw new Complaint('context-missing', `no context for \`${token.text}\`: use \`%push\` first`, token);
  return token.with(Kind.Identifier, `..@${context.unique}.${local.name}`);
}

/** Replaces one call on the pending stack; false when the token is not a call after all. */
function call(
  state: State,
  macros: SingleMacro[],
  token: Token,
  pending: Pending[],
  active: SingleMacro[],
): boolean {
  let macro: SingleMacro | undefined = macros.find((m) => m.parameters === undefined);
  let args: Token[][] = [];
  if (!macro) {
    const next = firstToken(pending);
    if (!next?.is('(')) return false;
    const read = readArguments(pending);
    if (!read)
      throw new Complaint('macro-call', `the call of \`${token.text}\` has no closing parenthesis`, token);
    macro = macros.find((m) => accepts(m, read.args.length, read.args[0]));
    if (!macro || macro.active > 0) {
      if (!macro) {
        const given = read.args.length;
        state.warn(
          'macro-parameters',
          `macro \`${token.text}\` exists, but not taking ${given} parameters`,
          token,
        );
      }
      return false;
    }
    for (const end of read.ends) leave(end, active);
    pending.length = read.rest;
    args = read.args;
  } else if (macro.active > 0) return false;
  const body = macro.compute ? macro.compute(token) : substitute(state, macro, args, token);
  state.budget -= body.length + 1;
  state.spend(body.length + 1, token);
  if (state.budget < 0) {
    throw new Complaint(
      'limit',
      `the macros of this line expand to more than ${MAX_LINE_TOKENS} tokens`,
      token,
    );
  }
  macro.active++;
  active.push(macro);
  pending.push({ ends: macro });
  for (let i = body.length - 1; i >= 0; i--) pending.push(i === 0 ? body[0].spaced(token.space) : body[i]);
  return true;
}

function firstToken(pending: Pending[]): Token | undefined {
  for (let i = pending.length - 1; i >= 0; i--) {
    const p = pending[i];
    if (!isEnd(p)) return p;
  }
  return undefined;
}

function accepts(macro: SingleMacro, given: number, first: Token[] | undefined): boolean {
  const parameters = macro.parameters!;
  if (parameters.length === 0) return given === 1 && first!.length === 0;
  if (parameters[parameters.length - 1].greedy) return given >= parameters.length;
  return given === parameters.length;
}

/** Reads `( a, b )` from the top of the stack without taking it off. */
function readArguments(pending: Pending[]): { args: Token[][]; rest: number; ends: End[] } | undefined {
  const args: Token[][] = [[]];
  const ends: End[] = [];
  let depth = 0;
  let braces = 0;
  for (let i = pending.length - 1; i >= 0; i--) {
    const p = pending[i];
    if (isEnd(p)) {
      ends.push(p);
      continue;
    }
    const current = args[args.length - 1];
    if (p.kind === Kind.Operator) {
      if (p.text === '{' && braces++ === 0 && current.length === 0) continue;
      if (p.text === '}' && braces > 0 && --braces === 0) {
        // Braces group; they are dropped only when they enclose the whole argument.
        const next = pending[i - 1];
        if (next && !isEnd(next) && (next.is(',') || next.is(')'))) continue;
      }
      if (braces === 0) {
        if (p.text === '(' && depth++ === 0) continue;
        if (p.text === ')' && --depth === 0) return { args, rest: i, ends };
        if (p.text === ',' && depth === 1) {
          args.push([]);
          continue;
        }
      }
    }
    current.push(p);
  }
  return undefined;
}

function substitute(state: State, macro: SingleMacro, args: Token[][], at: Token): Token[] {
  const provenance = { macro: macro.name, parent: at.provenance };
  const parameters = macro.parameters ?? [];
  if (parameters.length === 0) {
    return macro.body.map((t) =>
      (t.text[0] === '%' ? special(t, macro, at) : t).calledAt(at, provenance, t.space),
    );
  }
  const values = new Map<string, Token[]>();
  parameters.forEach((p, i) => {
    if (p.name === '') return;
    let value = args[i] ?? [];
    if (p.greedy && args.length > parameters.length) value = joined(args.slice(i), at);
    if (p.evaluated) {
      const result = state.host.evaluate(expandNested(state, value), at);
      value = numberTokens(result.value, at);
    }
    if (p.quoted) value = [at.with(Kind.String, quote(utf8(detokenise(value))))];
    values.set(p.name, value);
  });
  const body: Token[] = [];
  for (const t of macro.body) {
    const value = t.kind === Kind.Identifier ? values.get(t.text) : undefined;
    if (!value) body.push((t.text[0] === '%' ? special(t, macro, at) : t).calledAt(at, provenance, t.space));
    else append(body, value, t.space);
  }
  return body;
}

/** Adds tokens; the first has white space before it or not. No spreading: lists may be long. */
export function append(out: Token[], tokens: readonly Token[], space: boolean): void {
  for (let i = 0; i < tokens.length; i++) out.push(i === 0 ? tokens[0].spaced(space) : tokens[i]);
}

/** Expands inside an expansion, keeping the budget of the line. */
function expandNested(state: State, tokens: readonly Token[]): readonly Token[] {
  const { budget } = state;
  const result = expandSingles(state, tokens);
  state.budget = budget;
  return result;
}

/** The name of a macro inside its own body: `%?` as called, `%??` as defined. */
function special(t: Token, macro: SingleMacro, at: Token): Token {
  if (t.text === '%?' || t.text === '%*?') return t.with(Kind.Identifier, at.text);
  if (t.text === '%??' || t.text === '%*??') return t.with(Kind.Identifier, macro.name);
  return t;
}

function joined(parts: Token[][], at: Token): Token[] {
  return parts.flatMap((part, i) => (i === 0 ? part : [at.with(Kind.Operator, ',', false), ...part]));
}

const joins = (k: Kind) => k === Kind.Identifier || k === Kind.Number || k === Kind.Float;

/**
 * Glues what stands side by side: around `%+`, and where replaced text meets
 * its neighbours (NASM's `paste_tokens`).
 */
export function paste(tokens: readonly Token[]): readonly Token[] {
  let needed = false;
  for (let i = 1; i < tokens.length && !needed; i++)
    needed = meets(tokens[i - 1], tokens[i]) || tokens[i].text === '%+';
  if (!needed) return tokens;
  const out: Token[] = [];
  let changed = false;
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i];
    const last = out[out.length - 1];
    const explicit = t.text === '%+' && t.kind === Kind.Preprocessor;
    const next = explicit ? tokens[++i] : t;
    if (explicit) changed = true;
    if (!next) break;
    if (last && (explicit || meets(last, t))) changed = glue(out, last, next) || changed;
    else out.push(next);
  }
  return changed ? out : tokens;
}

/** NASM's limit for names. */
const MAX_NAME = 4095;

/** Writes `right` directly behind `left`, the last token; false when that changes nothing. */
function glue(out: Token[], left: Token, right: Token): boolean {
  if (left.text.length + right.text.length > MAX_NAME)
    throw new Complaint('limit', `a word of more than ${MAX_NAME} characters`, right);
  const pieces = tokenise(left.text + right.text, left.file, left.line);
  if (pieces.length === 2 && pieces[0].text === left.text) {
    out.push(right.spaced(false));
    return false;
  }
  out.pop();
  const provenance = left.provenance ?? right.provenance;
  const end = Math.max(left.end, right.line === left.line && right.file === left.file ? right.end : 0);
  pieces.forEach((piece, i) => {
    const space = i === 0 ? left.space : piece.space;
    out.push(new Token(piece.kind, piece.text, space, left.file, left.line, left.column, end, provenance));
  });
  return true;
}

/** Do the two read as one word when written side by side? */
function meets(a: Token, b: Token): boolean {
  if (b.space) return false;
  if (a.kind === Kind.Operator) {
    return b.kind === Kind.Identifier && a.text === '$' && b.text[0] !== '$';
  }
  return joins(a.kind) && joins(b.kind);
}
