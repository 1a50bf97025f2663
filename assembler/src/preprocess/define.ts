import { Complaint } from '../diagnostics';
import { stringOf } from '../parse/expression';
import { tokenise } from '../text/lexer';
import { quote, utf8 } from '../text/string';
import { detokenise, Kind, type Token } from '../text/token';
import { defineSingle, expandSingles, findSingles, parameterToken, singleTable } from './single-line';
import {
  contextName,
  ensure,
  numberTokens,
  type SingleMacro,
  type SingleParameter,
  type State,
  trailing,
} from './state';

/** A directive: the tokens behind it, and the directive itself. */
export type Handler = (state: State, tokens: readonly Token[], at: Token) => void;

/**
 * The name a directive defines, and what stands behind it. A name written in
 * several pieces, such as `_%$x`, is expanded and glued first (NASM's `expand_id`).
 */
export function takeName(
  state: State,
  tokens: readonly Token[],
): { name: Token | undefined; rest: readonly Token[] } {
  let end = 1;
  while (end < tokens.length && !tokens[end].space && isPiece(tokens[end])) end++;
  if (end === 1) return { name: tokens[0], rest: tokens.slice(1) };
  const glued = expandSingles(state, tokens.slice(0, end));
  return { name: glued[0], rest: [...glued.slice(1), ...tokens.slice(end)] };
}

function isPiece(t: Token): boolean {
  if (t.kind === Kind.Identifier || t.kind === Kind.Number) return true;
  if (t.kind !== Kind.Preprocessor) return false;
  return contextName(t.text) !== undefined || /^%[a-z_]/i.test(t.text);
}

/** The name a directive defines and the tokens behind it; an alias stands for another name. */
function nameOf(tokens: readonly Token[], at: Token, state: State): { name: Token; rest: readonly Token[] } {
  const { name, rest } = ownName(tokens, at, state);
  return { name: behindAliases(state, name), rest };
}

/** Aliases of aliases. */
const MAX_ALIASES = 64;

/** The name that an alias stands for; other names stand for themselves. */
export function behindAliases(state: State, name: Token): Token {
  let real = name;
  for (let i = 0; state.aliases && i < MAX_ALIASES; i++) {
    const alias = findSingles(state, real)?.find((m) => m.alias);
    if (!alias || alias.body.length === 0) break;
    real = name.with(alias.body[0].kind, alias.body[0].text);
  }
  return real;
}

/** The name as written. */
function ownName(tokens: readonly Token[], at: Token, state: State): { name: Token; rest: readonly Token[] } {
  const { name, rest } = takeName(state, tokens);
  const fits = name && (name.kind === Kind.Identifier || contextName(name.text) !== undefined);
  ensure(fits, 'name-expected', `\`${at.text}\` needs a macro name`, name ?? at);
  return { name, rest };
}

/** Adds a macro without parameters. */
export function setSingle(state: State, name: Token, body: readonly Token[], caseless: boolean): void {
  const first = body[0]?.spaced(false);
  defineSingle(state, name, {
    name: name.text,
    caseless,
    parameters: undefined,
    body: first ? [first, ...body.slice(1)] : [],
    active: 0,
    definition: name,
  });
}

function define(expand: boolean, caseless: boolean): Handler {
  return (state, tokens, at) => {
    const { name, rest } = nameOf(tokens, at, state);
    const open = rest[0];
    if (!open || open.space || !open.is('(')) {
      setSingle(state, name, expand ? expandSingles(state, rest) : rest, caseless);
      return;
    }
    const { parameters, next } = readParameters(name, rest, at);
    const marked = markParameters(rest.slice(next), parameters);
    const body = expand ? expandSingles(state, marked) : marked;
    defineSingle(state, name, { name: name.text, caseless, parameters, body, active: 0, definition: name });
  };
}

/** Parameters are known by their numbers: what they are called is free for macros. */
function markParameters(body: readonly Token[], parameters: readonly SingleParameter[]): readonly Token[] {
  return body.map((t) => {
    // Of two of one name the last one counts.
    const i = t.kind === Kind.Identifier ? parameters.findLastIndex((p) => p.name === t.text) : -1;
    return i < 0 ? t : parameterToken(t, i);
  });
}

function readParameters(
  name: Token,
  tokens: readonly Token[],
  at: Token,
): { parameters: SingleParameter[]; next: number } {
  const parameters: SingleParameter[] = [];
  let i = 1;
  for (;;) {
    const parameter: SingleParameter = { name: '' };
    for (; i < tokens.length && !tokens[i].is(',') && !tokens[i].is(')'); i++) {
      const t = tokens[i];
      if (t.is('&')) parameter.quoted ??= 'always';
      else if (t.is('&&')) parameter.quoted = 'unless string';
      else if (t.is('=')) parameter.evaluated = true;
      else if (t.is('+')) parameter.greedy = true;
      else if (t.is('!')) parameter.raw = true;
      else if (t.kind === Kind.Identifier && parameter.name === '') parameter.name = t.text;
      else throw new Complaint('macro-parameter', `\`${t.text}\` is not a parameter name`, t);
    }
    parameters.push(parameter);
    const end = tokens[i++];
    ensure(end, 'macro-parameter', `the parameter list of \`${name.text}\` has no closing parenthesis`, at);
    if (end.is(')')) return { parameters, next: i };
    ensure(!parameter.greedy, 'macro-parameter', 'a parameter with `+` has to be the last one', end);
  }
}

const undef: Handler = (state, tokens, at) => {
  const { name, rest } = nameOf(tokens, at, state);
  trailing(state, rest, at);
  for (const caseless of [false, true]) {
    const { table, key } = singleTable(state, name, caseless);
    table.delete(key);
  }
};

function assign(caseless: boolean): Handler {
  return (state, tokens, at) => {
    const { name, rest } = nameOf(tokens, at, state);
    const expression = expandSingles(state, rest);
    ensure(expression.length > 0, 'expression-expected', `\`${at.text}\` needs an expression`, at);
    const value = state.host.evaluate(expression, at);
    if (value.terms.length > 0) {
      throw new Complaint(
        'not-a-number',
        `\`${at.text}\` needs a pure number, not an address`,
        expression[0],
      );
    }
    setSingle(state, name, numberTokens(value.value, at), caseless);
  };
}

function string(name: Token, bytes: string): Token {
  return name.with(Kind.String, quote(bytes), false);
}

function firstString(tokens: readonly Token[], at: Token): Token {
  const token = tokens[0];
  ensure(token?.kind === Kind.String, 'string-expected', `\`${at.text}\` needs a string`, token ?? at);
  return token;
}

function strlen(caseless: boolean): Handler {
  return (state, tokens, at) => {
    const { name, rest } = nameOf(tokens, at, state);
    const bytes = stringOf(firstString(expandSingles(state, rest), at));
    setSingle(state, name, numberTokens(BigInt(bytes.length), at), caseless);
  };
}

function strcat(caseless: boolean): Handler {
  return (state, tokens, at) => {
    const { name, rest } = nameOf(tokens, at, state);
    let bytes = '';
    for (const t of expandSingles(state, rest)) {
      if (t.kind === Kind.String) {
        bytes += stringOf(t);
        state.spendString(bytes.length, at);
      } else ensure(t.is(','), 'string-expected', `\`${at.text}\` joins strings only`, t);
    }
    setSingle(state, name, [string(name, bytes)], caseless);
  };
}

/** `%substr name string [,] start [, length]`; a negative length counts from the end (NASM manual 4.2.3). */
function substr(caseless: boolean): Handler {
  return (state, tokens, at) => {
    const { name, rest } = nameOf(tokens, at, state);
    const all = expandSingles(state, rest);
    const bytes = stringOf(firstString(all, at));
    const numbers = all[1]?.is(',') ? all.slice(2) : all.slice(1);
    const comma = topComma(numbers);
    const number = (part: readonly Token[]): bigint => state.host.evaluate(part, at).value;
    const start = number(comma < 0 ? numbers : numbers.slice(0, comma));
    const count = comma < 0 ? 1n : number(numbers.slice(comma + 1));
    setSingle(state, name, [string(name, substring(bytes, start, count))], caseless);
  };
}

/** The part of a string that `%substr` means: from character `start`, counting from 1; NASM begins at the first one where the manual (4.2.3) would begin before it. */
export function substring(bytes: string, start: bigint, count: bigint): string {
  const length = BigInt(bytes.length);
  const from = start < 1n ? 0n : start - 1n;
  let size = count < 0n ? length + count + 1n - from : count;
  if (from + size > length) size = length - from;
  return size < 0n || from >= length ? '' : bytes.substr(Number(from), Number(size));
}

function topComma(tokens: readonly Token[]): number {
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i].is('(')) depth++;
    else if (tokens[i].is(')')) depth--;
    else if (depth === 0 && tokens[i].is(',')) return i;
  }
  return -1;
}

function defstr(caseless: boolean): Handler {
  return (state, tokens, at) => {
    const { name, rest } = nameOf(tokens, at, state);
    const text = utf8(detokenise(expandSingles(state, rest)));
    state.spendString(text.length, at);
    setSingle(state, name, [string(name, text)], caseless);
  };
}

function deftok(caseless: boolean): Handler {
  return (state, tokens, at) => {
    const { name, rest } = nameOf(tokens, at, state);
    const source = firstString(expandSingles(state, rest), at);
    const inner = tokenise(stringOf(source), source.file, source.line, () => ({
      line: source.line,
      column: source.column,
    }));
    setSingle(state, name, inner, caseless);
  };
}

function pathsearch(caseless: boolean): Handler {
  return (state, tokens, at) => {
    const { name, rest } = nameOf(tokens, at, state);
    const all = expandSingles(state, rest);
    const wanted = stringOf(firstString(all, at));
    trailing(state, all.slice(1), at);
    setSingle(state, name, [string(name, utf8(state.host.find(wanted, at.file) ?? wanted))], caseless);
  };
}

/** `%defalias name macro` (NASM manual 4.1.11). */
function defalias(caseless: boolean): Handler {
  return (state, tokens, at) => {
    const { name, rest } = ownName(tokens, at, state);
    const body = rest.slice(0, 1);
    const fits = body[0]?.kind === Kind.Identifier || (body[0] && contextName(body[0].text));
    ensure(fits, 'name-expected', `\`${at.text}\` needs two names`, body[0] ?? at);
    defineSingle(state, name, {
      name: name.text,
      caseless,
      parameters: undefined,
      body: [body[0].spaced(false)],
      active: 0,
      alias: true,
      definition: name,
    });
  };
}

const undefalias: Handler = (state, tokens, at) => {
  const { name, rest } = ownName(tokens, at, state);
  trailing(state, rest, at);
  for (const caseless of [false, true]) {
    const { table, key } = singleTable(state, name, caseless);
    if (table.get(key)?.some((m) => m.alias)) table.delete(key);
  }
};

/** Makes a built-in macro. */
export function builtIn(
  state: State,
  name: string,
  body: SingleMacro['body'],
  compute?: SingleMacro['compute'],
): void {
  const macro: SingleMacro = { name, caseless: false, parameters: undefined, body, active: 0, compute };
  state.host.names.add(name);
  state.singles.set(name, [macro]);
}

/** Directives that define single-line macros; `i` makes the name ignore case. */
export const DEFINE: Record<string, Handler> = {
  define: define(false, false),
  idefine: define(false, true),
  xdefine: define(true, false),
  ixdefine: define(true, true),
  undef,
  defalias: defalias(false),
  idefalias: defalias(true),
  undefalias,
  assign: assign(false),
  iassign: assign(true),
  strlen: strlen(false),
  istrlen: strlen(true),
  strcat: strcat(false),
  istrcat: strcat(true),
  substr: substr(false),
  isubstr: substr(true),
  defstr: defstr(false),
  idefstr: defstr(true),
  deftok: deftok(false),
  ideftok: deftok(true),
  pathsearch: pathsearch(false),
  ipathsearch: pathsearch(true),
};
