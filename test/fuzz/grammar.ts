/** Programs that are nearly right, from a grammar: whole blocks, balanced brackets, operands of every kind. */
import * as fc from 'fast-check';
import { allMnemonics, allRegisters, DIRECTIVES, formsOf, type Slot } from '../../assembler/src';

const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', '.l') },
  { weight: 1, arbitrary: fc.constantFrom('a.l', '%%x', '%$x', '$mov', '..@s', 'm', 'M', 'd', 'nix', 'é') },
);
const number = fc.oneof(
  fc.integer({ min: -3, max: 300 }).map(String),
  fc.bigInt({ min: -(1n << 66n), max: 1n << 66n }).map(String),
  fc.constantFrom(
    '0x7fffffff',
    '80000000h',
    '0b1010_1',
    '0q17',
    '$0ff',
    '1e5',
    '1.5',
    '0x1p-1074',
    '__?Infinity?__',
  ),
);
const text = fc
  .tuple(
    fc.constantFrom("'", '"', '`'),
    fc.constantFrom('', 'ab', 'aé€', '\\x41\\n\\u20ac', 'abcdefghi', '%1'),
  )
  .map(([quote, inside]) => quote + inside + quote);
const size = fc.constantFrom('byte', 'word', 'dword', 'qword', 'tword', 'oword', 'yword', 'zword');
const register = fc.constantFrom(...[...allRegisters()].map((r) => r.name));
const mnemonic = fc.constantFrom(...allMnemonics());
/** The ones that occur in real sources. */
const common = fc.constantFrom(
  ...'mov add sub cmp test lea push pop jmp je jne call ret int xor and or shl imul movzx loop in out lgdt'.split(
    ' ',
  ),
);

const words = (list: string) => fc.constantFrom(...list.split(' '));
const some = (lines: readonly string[]) => lines.join('\n');

const grammar = fc.letrec<Record<'expression' | 'lines' | 'line' | 'block', string>>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: false },
    { weight: 4, arbitrary: number },
    { weight: 3, arbitrary: name },
    { weight: 1, arbitrary: text },
    {
      weight: 1,
      arbitrary: words('$ $ $ $$ $$ a-b %1 %0 %{1} %[d] __?LINE?__ __?BITS?__ ? section..text.start'),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          tie('expression'),
          words('+ - * / // % %% << >> <<< >>> & | ^ && || ^^ == != < <= > >= <=> : , wrt'),
          tie('expression'),
        )
        .map(([a, op, b]) => `${a} ${op} ${b}`),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(words('- + ~ ! seg'), tie('expression')).map(([op, a]) => `${op} ${a}`),
    },
    { weight: 2, arbitrary: tie('expression').map((a) => `(${a})`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie('expression'), tie('expression'), tie('expression'))
        .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(words('__?utf16?__ __?float32?__ __?ilog2e?__ __?float80m?__ d m'), tie('expression'))
        .map(([f, a]) => `${f}(${a})`),
    },
  ),
  lines: fc.array(tie('line'), { maxLength: 5 }).map(some),
  line: fc.oneof(
    { maxDepth: 3, withCrossShrink: false },
    { weight: 6, arbitrary: fc.tuple(label(), instruction(tie('expression'))).map((p) => p.join('')) },
    { weight: 3, arbitrary: fc.tuple(label(), data(tie('expression'))).map((p) => p.join('')) },
    { weight: 3, arbitrary: directive(tie('expression')) },
    { weight: 3, arbitrary: preprocessor(tie('expression')) },
    { weight: 4, arbitrary: tie('block') },
  ),
  block: fc.oneof(
    { maxDepth: 2, withCrossShrink: false },
    fc
      .tuple(condition(tie('expression')), tie('lines'), tie('lines'))
      .map(([c, yes, no]) => `%if${c}\n${yes}\n%else\n${no}\n%endif`),
    fc
      .tuple(
        fc.oneof(
          { weight: 9, arbitrary: words('0 1 2 3 50 d') },
          { weight: 1, arbitrary: tie('expression') },
        ),
        tie('lines'),
      )
      .map(([n, body]) => `%rep ${n}\n${body}\n%endrep`),
    fc
      .tuple(words('macro imacro rmacro'), name, words('0 1 2 1+ 0-1 1-2+ 1-* 0-3.nolist'), tie('lines'))
      .map(([kind, m, count, body]) => `%${kind} ${m} ${count}\n${body}\n%endmacro`),
    fc.tuple(name, tie('lines')).map(([s, body]) => `struc ${s}\n${body}\nendstruc`),
    tie('lines').map((body) => `%push c\n${body}\n%pop c`),
  ),
}));

function label(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(' ') },
    { weight: 1, arbitrary: name.map((n) => `${n}: `) },
  );
}

function instruction(expression: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const memory = fc
    .tuple(
      fc.oneof(fc.constant(''), size),
      words('[ [rel [abs [byte [dword [nosplit [fs: [gs:'),
      register,
      expression,
    )
    .map(([s, open, r, e]) => `${s} ${open} ${r}+${e}]`);
  const operand = fc.oneof(
    { weight: 4, arbitrary: register },
    { weight: 3, arbitrary: memory },
    { weight: 2, arbitrary: expression },
    { weight: 1, arbitrary: fc.tuple(size, expression).map((p) => p.join(' ')) },
    { weight: 1, arbitrary: fc.tuple(words('short near far strict to'), expression).map((p) => p.join(' ')) },
    {
      weight: 1,
      arbitrary: fc.tuple(register, words('{k1} {z} {k1}{z} {1to8} {rn-sae} {sae}')).map((p) => p.join('')),
    },
  );
  /** What the slot of an encoding takes, most of the time. */
  const fitting = ({ register: kind, memory: takesMemory, bytes, only }: Slot): fc.Arbitrary<string> => {
    const names = [...allRegisters()]
      .filter((r) => r.class === kind && (only === undefined || r.number === only))
      .map((r) => r.name);
    if (takesMemory)
      return fc.oneof(fc.constantFrom(...names, 'eax'), fc.constantFrom('[eax]', '[a]', '[rsp+8*rcx-4]'));
    if (names.length > 0) return fc.constantFrom(...names);
    return bytes > 0 ? fc.oneof(fc.constantFrom('1', '-1', '300', 'a', '$+5'), expression) : operand;
  };
  /** The operands of some encoding of the instruction. */
  const operandsOf = (m: string): fc.Arbitrary<string[]> => {
    const forms = formsOf(m) ?? [];
    if (forms.length === 0) return fc.constant([]);
    return fc.constantFrom(...forms).chain(({ slots }) => fc.tuple(...slots.map(fitting)));
  };
  const prefix = words('lock rep repne a16 a32 o16 o32 o64 bnd xacquire es fs {vex} {evex} wait');
  return fc
    .tuple(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant('') },
        { weight: 1, arbitrary: prefix },
        { weight: 1, arbitrary: expression.map((e) => `times ${e}`) },
      ),
      fc
        .oneof(mnemonic, common)
        .chain((m) =>
          fc.tuple(
            fc.constant(m),
            fc.oneof(
              { weight: 3, arbitrary: operandsOf(m) },
              { weight: 1, arbitrary: fc.array(operand, { maxLength: 4 }) },
            ),
          ),
        ),
    )
    .map(([p, [m, operands]]) => `${p} ${m} ${operands.join(', ')}`);
}

function data(expression: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const item = fc.oneof(
    { weight: 5, arbitrary: expression },
    { weight: 1, arbitrary: fc.tuple(expression, expression).map(([n, e]) => `${n} dup (${e})`) },
  );
  return fc.oneof(
    fc
      .tuple(words('db dw dd dq dt do dy dz'), fc.array(item, { maxLength: 4 }))
      .map(([d, items]) => `${d} ${items.join(', ')}`),
    fc.tuple(words('resb resw resd resq rest reso'), expression).map((p) => p.join(' ')),
    fc.tuple(name, expression).map(([n, e]) => `${n} equ ${e}`),
    fc.tuple(expression, expression).map(([a, b]) => `incbin "x.bin", ${a}, ${b}`),
  );
}

function directive(expression: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    words('16 32 64').map((n) => `bits ${n}`),
    fc.tuple(words('org absolute align alignb sectalign start default'), expression).map((p) => p.join(' ')),
    fc
      .tuple(words('.text .data .bss b c'), words('align start vstart valign'), expression)
      .map(([s, a, e]) => `section ${s} ${a}=${e}`),
    fc
      .tuple(
        words('.text .data .bss b c'),
        words('nobits progbits follows=.text vfollows=b exec write tls merge'),
      )
      .map((p) => `section ${p.join(' ')}`),
    fc
      .tuple(words('global extern common static required'), name, expression)
      .map(([d, n, e]) => `${d} ${n}:${e}`),
    fc.tuple(words('istruc at iend'), name).map((p) => p.join(' ')),
    fc.tuple(words(DIRECTIVES.join(' ')), expression).map((p) => `[${p.join(' ')}]`),
  );
}

function preprocessor(expression: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    fc.tuple(words('define idefine xdefine'), name, expression).map((p) => `%${p.join(' ')}`),
    fc.tuple(words('define xdefine'), name, expression).map(([d, n, e]) => `%${d} ${n}(x) x+${e}`),
    fc
      .tuple(words('assign iassign defstr deftok strlen strcat substr'), name, expression)
      .map((p) => `%${p.join(' ')}`),
    fc
      .tuple(words('undef unmacro push pop repl rotate error warning use exitrep line'), expression)
      .map((p) => `%${p.join(' ')}`),
    fc
      .tuple(words('arg local stacksize defalias aliases clear pragma depend null'), name)
      .map((p) => `%${p.join(' ')}`),
    fc.constantFrom(
      '%include "x.inc"',
      '%use smartalign',
      '%exitrep',
      '%exitmacro',
      '%pop',
      '%push c',
      '%fatal x',
    ),
    fc.tuple(name, fc.array(expression, { maxLength: 3 })).map(([m, list]) => `${m} ${list.join(', ')}`),
    fc.tuple(words('m d'), expression).map(([m, e]) => `${m}{${e}}`),
  );
}

function condition(expression: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    expression.map((e) => ` ${e}`),
    fc.tuple(words('def ndef macro ctx empty env id num str token usable'), name).map((p) => p.join(' ')),
    fc.tuple(words('idn idni nidn'), expression, expression).map(([c, a, b]) => `${c} ${a}, ${b}`),
  );
}

const program = fc.array(grammar.line, { maxLength: 12 }).map(some);

/** The program of a seed. */
export function programOf(seed: number): string {
  return fc.sample(program, { seed: seed | 0, numRuns: 1 })[0];
}
