import { allRegisters, SIZES, type Token } from '@hyperstep/assembler';
import { CompletionItemKind } from 'vscode-languageserver';
import { decoratorText, OPERAND_WORDS } from '../../knowledge/directives';
import { registerDoc } from '../../knowledge/registers';
import type { Shape } from '../../syntax/shape';
import { candidateForms, operandPlace } from '../slots';
import { add, bitsOf, type Context, plain } from './context';
import { directiveOperands } from './directives';
import { macroWords, members, symbols } from './names';

/** What the operands of a statement can be. */
export function operands(c: Context, tokens: readonly Token[], shape: Shape): void {
  const rest = tokens.slice(shape.at + 1);
  if (shape.kind === 'directive') {
    directiveOperands(c, shape.head!.lower, rest);
    return;
  }
  if (c.word.startsWith('%')) {
    macroWords(c);
    return;
  }
  if (c.word.includes('.') || rest[rest.length - 1]?.is('.')) {
    members(c);
    return;
  }
  if (shape.kind === 'instruction') instructionOperands(c, shape.head!.lower, rest);
  else if (shape.kind === 'data' && c.word !== '') {
    plain(c, ['dup', '?'], CompletionItemKind.Keyword, (w) => OPERAND_WORDS[w], '6');
  } else if (shape.kind === 'call') registers(c, () => true, '4');
  symbols(c, (d) => d.kind !== 'macro', '2');
}

function instructionOperands(c: Context, mnemonic: string, rest: readonly Token[]): void {
  const bits = bitsOf(c);
  const place = operandPlace(rest);
  if (rest[rest.length - 1]?.is('{')) {
    decorators(c, rest[rest.length - 2]);
    return;
  }
  if (place.inside) {
    const size = bits === 16 ? /^(bx|bp|si|di)$|^e/ : bits === 32 ? /^e/ : /^r|^e/;
    const forms = candidateForms(mnemonic, bits, place);
    const vectors = new Set<string | undefined>(forms.flatMap((f) => f.slots.map((s) => s.vector)));
    registers(c, (name, cls) => (size.test(name) && /^r(16|32|64)$/.test(cls)) || vectors.has(cls), '1');
    if (place.operands[place.index].at(-1)?.is('[')) {
      plain(
        c,
        ['rel', 'abs', 'byte', 'word', 'dword', 'qword'],
        CompletionItemKind.Keyword,
        (w) => OPERAND_WORDS[w],
        '6',
      );
    }
    return;
  }
  const forms = candidateForms(mnemonic, bits, place);
  const classes = new Map<string, Set<number | undefined>>();
  let memory = false;
  let branch = false;
  for (const form of forms) {
    const slot = form.slots[place.index];
    if (slot.register) {
      const only = classes.get(slot.register) ?? new Set();
      only.add(slot.only);
      classes.set(slot.register, only);
    }
    memory ||= slot.memory;
    branch ||= slot.place === 'rel';
  }
  registers(
    c,
    (_, cls, number) => {
      const only = classes.get(cls);
      return only !== undefined && (only.has(undefined) || only.has(number));
    },
    branch ? '3' : '1',
  );
  if (memory) {
    const sizes = new Set(forms.map((f) => f.memorySize));
    const words = [...SIZES].filter(([, size]) => sizes.has(size)).map(([word]) => word);
    plain(c, words, CompletionItemKind.Keyword, (w) => OPERAND_WORDS[w], '4');
  }
  if (branch) plain(c, ['short', 'near', 'far'], CompletionItemKind.Keyword, (w) => OPERAND_WORDS[w], '4');
}

/** AVX-512's `{…}`: broadcasts behind memory, masks behind registers, rounding as an operand of its own. */
function decorators(c: Context, before: Token | undefined): void {
  const words = before?.is(']')
    ? BROADCASTS
    : before === undefined || before.is(',')
      ? ROUNDINGS
      : before.is('}')
        ? ['z']
        : MASKS;
  const tell = (word: string) => decoratorText(word) ?? registerDoc(word);
  plain(c, words, CompletionItemKind.Keyword, tell, '1');
}

const MASKS = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'z'];
const BROADCASTS = ['1to2', '1to4', '1to8', '1to16', '1to32'];
const ROUNDINGS = ['rn-sae', 'rd-sae', 'ru-sae', 'rz-sae', 'sae'];

function registers(
  c: Context,
  wanted: (name: string, cls: string, number: number) => boolean,
  sort: string,
): void {
  const bits = bitsOf(c);
  for (const { name, class: cls, number, needsRex } of allRegisters()) {
    if (cls === 'test' || /^(cr([15679]|1\d)|dr([4589]|1\d))$/.test(name)) continue;
    if (bits !== 64 && (cls === 'r64' || needsRex || number > 7)) continue;
    if (!wanted(name, cls, number)) continue;
    const order = `${sort}${String(number).padStart(2, '0')}${name}`;
    add(c, { label: name, kind: CompletionItemKind.Variable, detail: registerDoc(name), sortText: order });
  }
}
