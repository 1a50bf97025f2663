import { Complaint, rangeOf } from '../diagnostics';
import { stringOf } from '../parse/expression';
import { parseNumber } from '../text/number';
import { Kind, type Token } from '../text/token';
import { behindAliases, takeName } from './define';
import { expandSingles, findSingles } from './single-line';
import { type Condition, contextName, ensure, type SingleMacro, type State, trailing } from './state';

/** A condition's test; the tokens are those behind the directive. Undefined: neither it nor its opposite holds. */
export type Test = (state: State, tokens: readonly Token[], at: Token) => boolean | undefined;

function expandedOf(state: State, tokens: readonly Token[]): readonly Token[] {
  return expandSingles(state, tokens);
}

function isDefined(state: State, tokens: readonly Token[], at: Token): boolean {
  // NASM has nothing to say about it.
  if (tokens.length === 0)
    state.reporter.report(
      'note',
      'name-expected',
      `\`${at.text}\` without a macro name is never true`,
      rangeOf(at),
    );
  return tokens.some((t) => {
    return macrosOf(state, t, at) !== undefined && findSingles(state, behindAliases(state, t)) !== undefined;
  });
}

function macrosOf(state: State, t: Token, at: Token): SingleMacro[] | undefined {
  const local = t.kind === Kind.Preprocessor ? contextName(t.text) : undefined;
  ensure(
    t.kind === Kind.Identifier || local || (t.kind === Kind.Preprocessor && findSingles(state, t)),
    'name-expected',
    `\`${at.text}\` takes names of macros`,
    t,
  );
  return findSingles(state, t);
}

/** `%ifmacro name 1-3+`: is there a macro of exactly this name that could take these numbers of parameters? */
function isMacro(state: State, tokens: readonly Token[], at: Token): boolean {
  const { name, rest } = takeName(state, tokens);
  ensure(name?.kind === Kind.Identifier, 'name-expected', `\`${at.text}\` needs a macro name`, name ?? at);
  const macros = state.multis.get(name.lower)?.filter((m) => m.name === name.text) ?? [];
  const counts = expandSingles(state, rest);
  if (counts.length === 0) return macros.length > 0;
  const range = parseRange(counts, at);
  return macros.some(
    (m) => (m.minimum <= range.maximum || range.greedy) && (range.minimum <= m.maximum || m.greedy),
  );
}

/** Reads `1`, `1-3`, `1-*`, `2+` of `%macro` and `%ifmacro`. Gives the number of tokens used. */
export function parseRange(
  tokens: readonly Token[],
  at: Token,
): { minimum: number; maximum: number; greedy: boolean; used: number } {
  const number = (t: Token | undefined): number => {
    const value = t?.kind === Kind.Number ? parseNumber(t.text) : undefined;
    const fits = value !== undefined && value <= 0x7fffffffn;
    ensure(fits, 'number-expected', `\`${at.text}\` needs a number of parameters`, t ?? at);
    return Number(value);
  };
  let used = 1;
  const star = tokens[0]?.is('*') ?? false;
  const minimum = star ? 0 : number(tokens[0]);
  let maximum = star ? Number.MAX_SAFE_INTEGER : minimum;
  if (tokens[1]?.is('-')) {
    maximum = tokens[2]?.is('*') ? Number.MAX_SAFE_INTEGER : number(tokens[2]);
    used = 3;
    ensure(
      maximum >= minimum,
      'macro-range',
      'the smallest number of parameters exceeds the largest',
      tokens[2],
    );
  }
  const greedy = tokens[used]?.is('+') ?? false;
  if (greedy) used++;
  return { minimum, maximum, greedy, used };
}

/**
 * NASM compares token by token. By the way its loop ends, a blank before the
 * comma and two empty sides both count as different; sources written for it
 * get the same here.
 */
function isIdentical(fold: boolean): Test {
  return (state, raw, at) => {
    const tokens = expandedOf(state, raw);
    const comma = tokens.findIndex((t) => t.is(','));
    ensure(comma >= 0, 'comma-expected', `\`${at.text}\` compares two sides, separated by a comma`, at);
    let l = 0;
    let r = comma + 1;
    for (; l < comma && r < tokens.length; l++, r++) {
      ensure(!tokens[r].is(','), 'comma-unexpected', `\`${at.text}\` has more than one comma`, at);
      if (!same(tokens[l], tokens[r], fold)) return false;
    }
    return l === comma && r === tokens.length && comma > 0 && !tokens[comma].space;
  };
}

function same(a: Token, b: Token, fold: boolean): boolean {
  if (a.kind !== b.kind) return false;
  const text = (t: Token) => (t.kind === Kind.String ? stringOf(t) : t.text);
  return fold ? text(a).toLowerCase() === text(b).toLowerCase() : text(a) === text(b);
}

function isContext(state: State, tokens: readonly Token[], at: Token): boolean {
  const top = state.context(1);
  for (const t of tokens)
    ensure(t.kind === Kind.Identifier, 'name-expected', `\`${at.text}\` takes names of contexts`, t);
  return top !== undefined && tokens.some((t) => t.lower === top.name.toLowerCase());
}

/** A number, a sign before it allowed. */
function isNumber(state: State, raw: readonly Token[]): boolean {
  const tokens = expandedOf(state, raw);
  return tokens.find((t) => !t.is('-') && !t.is('+'))?.kind === Kind.Number;
}

/** Tests by the name behind `%if`. */
export const TESTS: Record<string, Test> = {
  '': (state, tokens, at) => {
    ensure(tokens.length > 0, 'expression-expected', `\`${at.text}\` needs an expression`, at);
    const value = state.host.evaluate(expandedOf(state, tokens), at);
    if (value.terms.length > 0)
      throw new Complaint('not-a-number', `\`${at.text}\` needs a pure number, not an address`, tokens[0]);
    return value.value !== 0n;
  },
  def: isDefined,
  macro: isMacro,
  ctx: isContext,
  idn: isIdentical(false),
  idni: isIdentical(true),
  num: isNumber,
  id: (state, tokens) => {
    const first = expandedOf(state, tokens)[0];
    return first?.kind === Kind.Identifier;
  },
  str: (state, tokens) => expandedOf(state, tokens)[0]?.kind === Kind.String,
  token: (state, tokens) => expandedOf(state, tokens).length === 1,
  empty: (state, tokens) => expandedOf(state, tokens).length === 0,
  env: (state, raw, at) => {
    let found = false;
    for (const t of expandedOf(state, raw)) {
      const fits = t.kind === Kind.Identifier || t.kind === Kind.String || t.text.startsWith('%!');
      ensure(fits, 'name-expected', `\`${at.text}\` takes names of environment variables`, t);
      found ||= state.host.environment(environmentName(t)) !== undefined;
    }
    return found;
  },
  defalias: (state, tokens, at) => tokens.some((t) => macrosOf(state, t, at)?.[0]?.alias ?? false),
  usable: (state, tokens, at) => state.host.package(packageFor(state, tokens, at)) !== undefined,
  using: (state, tokens, at) => state.used.has(packageFor(state, tokens, at)),
  // TASM's: neither it nor what follows it is ever true.
  difi: () => undefined,
};

/** The variable that `%!name`, `%!'name'` or a plain name or string means. */
export function environmentName(t: Token): string {
  if (t.kind === Kind.String) return stringOf(t);
  const name = t.text.startsWith('%!') ? t.text.slice(2) : t.text;
  return name.replace(/^(["'`])(.*)\1$/, '$2');
}

/** The package a `%use` or `%ifusing` names. */
export function packageName(tokens: readonly Token[]): string {
  const name = tokens[0];
  return (name?.kind === Kind.String ? stringOf(name) : (name?.text ?? '')).toLowerCase();
}

/** The same for the directive `at`, with all it may complain about. */
export function packageFor(state: State, tokens: readonly Token[], at: Token): string {
  const name = tokens[0];
  const fits = name?.kind === Kind.Identifier || name?.kind === Kind.String;
  ensure(fits, 'name-expected', `\`${at.text}\` needs the name of a package`, name ?? at);
  trailing(state, tokens.slice(1), at);
  return packageName(tokens);
}

const CONDITIONAL =
  /^(if|elif)(n?)(|def|macro|ctx|idn|idni|num|id|str|token|empty|env|defalias|usable|using|difi)$/;

interface Parsed {
  branch: 'if' | 'elif';
  negated: boolean;
  test: Test;
}

const parsed = new Map<string, Parsed | undefined>();

function parseName(directive: string): Parsed | undefined {
  if (!parsed.has(directive)) {
    const m = CONDITIONAL.exec(directive);
    parsed.set(
      directive,
      m ? { branch: m[1] as 'if' | 'elif', negated: m[2] === 'n', test: TESTS[m[3]] } : undefined,
    );
    if (parsed.size > 1000) parsed.clear();
  }
  return parsed.get(directive);
}

/** What stands before the name of a test, and whether that turns it round. */
export const negates = [
  ['', false],
  ['n', true],
] as const;

/** Is this directive part of a conditional block? */
export function isConditional(directive: string): boolean {
  if (directive === 'else' || directive === 'endif') return true;
  return (directive.startsWith('if') || directive.startsWith('elif')) && CONDITIONAL.test(directive);
}

/** Follows one directive of a conditional block. */
export function conditional(
  state: State,
  conditions: Condition[],
  directive: string,
  at: Token,
  tokens: readonly Token[],
): void {
  const top = conditions[conditions.length - 1];
  const skipping = top !== undefined && !top.emitting;
  const how = parseName(directive);
  if (how?.branch === 'if') {
    const condition: Condition = { emitting: false, finished: skipping, hadElse: false, at };
    conditions.push(condition);
    if (!skipping) take(condition, how, () => how.test(state, tokens, at));
    return;
  }
  ensure(top, 'conditional-unopened', `\`${at.text}\` without \`%if\``, at);
  if (directive === 'endif') {
    trailing(state, tokens, at);
    conditions.pop();
    return;
  }
  if (directive === 'else') trailing(state, tokens, at);
  if (top.hadElse) {
    const message = `\`${at.text}\` after \`%else\`: its lines are never assembled`;
    state.warn(directive === 'else' ? 'pp-else-else' : 'pp-else-elif', message, at);
  }
  const before = top.finished;
  top.emitting = false;
  if (directive === 'else') {
    top.hadElse = true;
    top.emitting = !before;
    top.finished = true;
  } else if (!before) take(top, how!, () => how!.test(state, tokens, at));
}

/** A test that fails to evaluate leaves its whole block out, as NASM does. */
function take(condition: Condition, { negated }: Parsed, test: () => boolean | undefined): void {
  condition.finished = true;
  const result = test();
  if (result === undefined) return;
  condition.emitting = result !== negated;
  condition.finished = condition.emitting;
}
