import { Complaint } from '../diagnostics';
import { SIZES } from '../parse/words';
import { tokenise } from '../text/lexer';
import { Kind, type Token } from '../text/token';
import { type Handler, setSingle } from './define';
import { expandSingles } from './single-line';
import { ensure, numberTokens, type StackModel, type State } from './state';

/** Stack layouts of `%stacksize` (NASM manual 4.9.2). */
const MODELS: Record<string, StackModel> = {
  flat: { register: 'ebp', word: 4, argument: 8, local: 0 },
  flat64: { register: 'rbp', word: 8, argument: 16, local: 0 },
  large: { register: 'bp', word: 2, argument: 4, local: 0 },
  small: { register: 'bp', word: 2, argument: 6, local: 0 },
};

const stacksize: Handler = (state, tokens, at) => {
  const name = tokens[0];
  const model = name && Object.hasOwn(MODELS, name.lower) ? MODELS[name.lower] : undefined;
  if (!model)
    throw new Complaint('stack-model', '`%stacksize` takes `flat`, `flat64`, `large` or `small`', name ?? at);
  state.stack = { ...model };
};

/** Reads `name:size, …`; sizes are rounded up to what a push moves. */
function parameters(state: State, raw: readonly Token[], at: Token): { name: Token; bytes: number }[] {
  const tokens = raw;
  const list: { name: Token; bytes: number }[] = [];
  for (let i = 0; i < tokens.length; i += 4) {
    const [name, colon, size, comma] = tokens.slice(i, i + 4);
    ensure(name.kind === Kind.Identifier, 'name-expected', `\`${at.text}\` needs names`, name);
    ensure(colon?.is(':') && size, 'syntax', `\`${at.text}\` needs \`${name.text}:size\``, colon ?? name);
    const bits = SIZES.get(size.lower);
    ensure(bits, 'syntax', `\`${size.text}\` is no size: byte, word, dword, qword …`, size);
    ensure(!comma || comma.is(','), 'comma-expected', `\`${at.text}\` separates parameters by commas`, comma);
    const { word } = state.stack;
    list.push({ name, bytes: Math.ceil(bits / 8 / word) * word });
  }
  ensure(list.length > 0, 'name-expected', `\`${at.text}\` needs a parameter`, at);
  return list;
}

function address(name: Token, text: string): readonly Token[] {
  return tokenise(text, name.file, name.line, () => ({ line: name.line, column: name.column }));
}

/** `%arg` (NASM manual 4.9.1): names for the parameters of a procedure. */
const arg: Handler = (state, tokens, at) => {
  const { stack } = state;
  for (const { name, bytes } of parameters(state, tokens, at)) {
    setSingle(state, name, address(name, `(${stack.register}+${stack.argument})`), false);
    stack.argument += bytes;
  }
};

/** `%local` (NASM manual 4.9.3): names for its variables; `%$localsize` grows by their sizes. */
const local: Handler = (state, tokens, at) => {
  const { stack } = state;
  let sum = 0n;
  for (const { name, bytes } of parameters(state, tokens, at)) {
    stack.local += bytes;
    sum += BigInt(bytes);
    setSingle(state, name, address(name, `(${stack.register}-${stack.local})`), false);
  }
  const size = at.with(Kind.Preprocessor, '%$localsize');
  const before = state.host.evaluate(expandSingles(state, [size]), at);
  setSingle(state, size, numberTokens(before.value + sum, at), false);
};

/** Directives for stack frames. */
export const STACK: Record<string, Handler> = { arg, local, stacksize };
