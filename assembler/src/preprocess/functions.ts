/** Preprocessor functions such as `%eval(…)` (NASM manual 4.4). */
import { Complaint } from '../diagnostics';
import { stringOf } from '../parse/expression';
import { tokenise } from '../text/lexer';
import { quote } from '../text/string';
import { Kind, type Token } from '../text/token';
import { negates, TESTS, type Test } from './conditionals';
import { substring } from './define';
import { parameterToken } from './single-line';
import { numberTokens, type SingleMacro, type SingleParameter, type State } from './state';

type Args = readonly (readonly Token[])[];
type Run = (call: Token, args: Args, state: State) => readonly Token[];

const EVALUATED: SingleParameter = { name: '', evaluated: true };
const STRING: SingleParameter = { name: '', quoted: 'unless string' };

/** What `%num` writes digits with. */
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_';
const MAX_DIGITS = 253;

function numberOf(tokens: readonly Token[] | undefined): bigint {
  if (!tokens || tokens.length === 0) return 0n;
  const value = BigInt(/^\d+$/.test(tokens[tokens.length - 1].text) ? tokens[tokens.length - 1].text : 0);
  return tokens.length > 1 && tokens[0].is('-') ? -value : value;
}

function bytesOf(call: Token, tokens: readonly Token[] | undefined): string {
  if (tokens?.length !== 1 || tokens[0].kind !== Kind.String)
    throw new Complaint('string-expected', `\`${call.text}\` needs a string`, call);
  return stringOf(tokens[0]);
}

function stringToken(call: Token, bytes: string): Token[] {
  return [call.with(Kind.String, quote(bytes))];
}

const num: Run = (call, args) => {
  let rest = BigInt.asUintN(64, numberOf(args[0]));
  const [wanted, base] = [numberOf(args[1]), numberOf(args[2])];
  if (base < 2n || base > 64n)
    throw new Complaint('number-invalid', `\`${call.text}\` knows the bases 2 to 64, not ${base}`, call);
  if (wanted > MAX_DIGITS || wanted < -MAX_DIGITS)
    throw new Complaint('number-invalid', `\`${call.text}\` writes at most ${MAX_DIGITS} digits`, call);
  let text = '';
  for (let n = wanted < 0n ? -wanted : wanted; n > 0n || (wanted <= 0n && rest > 0n); n--) {
    text = DIGITS[Number(rest % base)] + text;
    rest /= base;
  }
  return [call.with(Kind.String, `'${text}'`)];
};

/** `%sel`: parameter number `which`. */
const select: Run = (call, args, state) => {
  const which = numberOf(args[0]);
  const fits = which >= 1n && which < args.length;
  if (!fits) {
    const message = `\`${call.text}\` cannot choose number ${which} of ${args.length - 1}`;
    state.warn('pp-sel-range', message, call);
  }
  return choice(call, args, which);
};

/** Parameter number `which` stands for the call. */
function choice(call: Token, args: Args, which: bigint): Token[] {
  return which < 1n || which >= args.length ? [] : [parameterToken(call, Number(which))];
}

const join: Run = (call, args) => {
  const out: Token[] = [];
  args.forEach((a, i) => {
    if (i > 0) out.push(call.with(Kind.Operator, ',', false));
    for (const t of a) out.push(t);
  });
  return out;
};

function is(test: Test, negated: boolean): Run {
  return (call, args, state) => {
    let holds = false;
    try {
      const result = test(state, args[0] ?? [], call);
      holds = result !== undefined && result !== negated;
    } catch (problem) {
      if (!(problem instanceof Complaint)) throw problem;
      state.error(problem.code, problem.message, problem.at ?? call);
    }
    return [call.with(Kind.Number, holds ? '1' : '0')];
  };
}

const TABLE: Record<string, [SingleParameter[], Run]> = {
  abs: [
    [EVALUATED],
    (call, args) => {
      const value = numberOf(args[0]);
      return numberTokens(value < 0n ? -value : value, call);
    },
  ],
  count: [[{ name: '', variadic: true }], (call, args) => [call.with(Kind.Number, String(args.length))]],
  eval: [[{ name: '', evaluated: true, variadic: true }], join],
  str: [[{ name: '', greedy: true, quoted: 'always' }], join],
  strcat: [
    [{ name: '', quoted: 'unless string', variadic: true }],
    (call, args, state) => {
      const bytes = args.map((a) => bytesOf(call, a)).join('');
      state.spendString(bytes.length, call);
      return stringToken(call, bytes);
    },
  ],
  strlen: [[STRING], (call, args) => numberTokens(BigInt(bytesOf(call, args[0]).length), call)],
  substr: [
    [STRING, EVALUATED, { name: '', evaluated: true, optional: true, absent: ['-1'] }],
    (call, args) =>
      stringToken(call, substring(bytesOf(call, args[0]), numberOf(args[1]), absentOr(args[2]))),
  ],
  tok: [
    [STRING],
    (call, args) => {
      const { line, column } = call;
      return tokenise(bytesOf(call, args[0]), call.file, line, () => ({ line, column }));
    },
  ],
  num: [
    [
      EVALUATED,
      { name: '', evaluated: true, optional: true, absent: ['-1'] },
      { name: '', evaluated: true, optional: true, absent: ['10'] },
    ],
    (call, args, state) => num(call, [args[0], [...numberTokens(absentOr(args[1]), call)], args[2]], state),
  ],
  sel: [[EVALUATED, { name: '', variadic: true }], select],
  cond: [
    [EVALUATED, { name: '' }, { name: '', optional: true }],
    (call, args) => choice(call, args, numberOf(args[0]) !== 0n ? 1n : 2n),
  ],
};

/** −1 stands in one token where a parameter is absent. */
function absentOr(tokens: readonly Token[] | undefined): bigint {
  return tokens?.length === 1 && tokens[0].text === '-1' ? -1n : numberOf(tokens);
}

function makeFunction(name: string, parameters: SingleParameter[], compute: Run): SingleMacro[] {
  return [{ name: `%${name}`, caseless: true, parameters, body: [], active: 0, compute, recursive: true }];
}

/** The functions by their names in lower case, with the percent sign. */
export const FUNCTIONS: ReadonlyMap<string, SingleMacro[]> = new Map([
  ...Object.entries(TABLE).map(
    ([name, [parameters, run]]) => [`%${name}`, makeFunction(name, parameters, run)] as const,
  ),
  ...Object.entries(TESTS).flatMap(([name, test]) =>
    negates.map(([n, negated]) => {
      const full = `is${n}${name}`;
      return [`%${full}`, makeFunction(full, [{ name: '', greedy: true }], is(test, negated))] as const;
    }),
  ),
]);

/** Directives that are functions when a parenthesis follows. */
export const MAY_BE_FUNCTION: ReadonlySet<string> = new Set(['strcat', 'strlen']);
