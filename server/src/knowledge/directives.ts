/** What the directives of the assembler do: operands, then a sentence (NASM manual, chapters 4 and 7). */
const ASSEMBLER: Readonly<Record<string, [operands: string, text: string]>> = {
  bits: ['16|32|64', 'The processor mode that the following instructions are assembled for.'],
  use16: ['', 'The same as `bits 16`.'],
  use32: ['', 'The same as `bits 32`.'],
  use64: ['', 'The same as `bits 64`.'],
  default: ['rel|abs', 'Whether addresses without registers are relative to RIP in 64-bit mode.'],
  org: ['address', 'The address at which the program is loaded.'],
  section: [
    'name [attributes]',
    'Goes on in this section. Attributes: `align=` `start=` `vstart=` `follows=` `vfollows=` `progbits` `nobits`.',
  ],
  segment: ['name [attributes]', 'The same as `section`.'],
  absolute: ['address', 'Labels from here on count from this address; nothing is emitted.'],
  extern: ['name, …', 'Names that another module defines.'],
  required: ['name, …', 'Names that another module defines, linked even if unused.'],
  global: ['name, …', 'Names that other modules may use.'],
  static: ['name, …', 'Names local to this module.'],
  common: ['name size', 'Space shared by all modules that declare it.'],
  cpu: ['level', 'Restricts the instructions to those of a processor.'],
  float: ['mode', 'How floating-point constants are rounded.'],
  struc: [
    'name[, offset]',
    'Begins a structure: the labels up to `endstruc` are its fields, `name_size` its size.',
  ],
  endstruc: ['', 'Ends a structure.'],
  istruc: ['name', 'Begins an instance of a structure; `at` lines fill its fields.'],
  at: ['field, data', 'Fills a field of the instance that `istruc` began.'],
  iend: ['', 'Ends an instance: the rest is filled with zeros.'],
  align: ['power of two[, filler]', 'Fills up to the next multiple, with `nop` unless told otherwise.'],
  alignb: ['power of two[, filler]', 'Reserves space up to the next multiple.'],
  sectalign: ['power of two', 'The least alignment of the section.'],
  times: ['count statement', 'Assembles the statement several times.'],
  equ: ['expression', 'Gives the label a constant value.'],
  incbin: ['"file"[, skip[, length]]', 'Includes the bytes of a file.'],
  db: ['values', 'Bytes and strings.'],
  dw: ['values', 'Words: 2 bytes each.'],
  dd: ['values', 'Doublewords: 4 bytes each, also single-precision numbers.'],
  dq: ['values', 'Quadwords: 8 bytes each, also double-precision numbers.'],
  dt: ['values', 'Ten-byte values: extended-precision numbers.'],
  do: ['values', 'Octowords: 16 bytes each.'],
  ddq: ['values', 'Octowords: 16 bytes each.'],
  dy: ['values', '32-byte values.'],
  dz: ['values', '64-byte values.'],
  resb: ['count', 'Reserves bytes without content.'],
  resw: ['count', 'Reserves words (2 bytes each) without content.'],
  resd: ['count', 'Reserves doublewords (4 bytes each) without content.'],
  resq: ['count', 'Reserves quadwords (8 bytes each) without content.'],
  rest: ['count', 'Reserves ten-byte units without content.'],
  reso: ['count', 'Reserves octowords (16 bytes each) without content.'],
  resdq: ['count', 'Reserves octowords (16 bytes each) without content.'],
  resy: ['count', 'Reserves 32-byte units without content.'],
  resz: ['count', 'Reserves 64-byte units without content.'],
};

const PREPROCESSOR: Readonly<Record<string, [operands: string, text: string]>> = {
  define: ['name[(parameters)] text', 'A single-line macro; its text is expanded when it is used.'],
  xdefine: ['name[(parameters)] text', 'A single-line macro whose text is expanded now.'],
  undef: ['name', 'Forgets a single-line macro.'],
  assign: ['name expression', 'A single-line macro that stands for the value the expression has now.'],
  defstr: ['name text', 'A single-line macro that stands for the text as a string.'],
  deftok: ['name "text"', 'A single-line macro that stands for the string’s content as tokens.'],
  strcat: ['name "a", "b", …', 'Joins strings.'],
  strlen: ['name "text"', 'The length of a string in bytes.'],
  substr: ['name "text", start[, length]', 'A part of a string; positions count from 1.'],
  pathsearch: ['name "file"', 'The path at which `%include` would find a file.'],
  macro: [
    'name count[-count][+] [defaults]',
    'A multi-line macro up to `%endmacro`; its parameters are `%1`, `%2` …',
  ],
  rmacro: ['name count[-count][+] [defaults]', 'A multi-line macro that may call itself.'],
  endmacro: ['', 'Ends a multi-line macro.'],
  unmacro: ['name count', 'Forgets a multi-line macro.'],
  exitmacro: ['', 'Leaves the expansion of the macro.'],
  rotate: ['count', 'Rotates the parameters of the macro: `%2` becomes `%1`.'],
  rep: ['count', 'Repeats the lines up to `%endrep`.'],
  endrep: ['', 'Ends a repetition.'],
  exitrep: ['', 'Leaves the repetition.'],
  if: ['expression', 'Assembles the following lines if the expression is not 0.'],
  ifdef: ['name', 'Assembles the following lines if a single-line macro is defined.'],
  ifndef: ['name', 'Assembles the following lines if no such single-line macro is defined.'],
  ifmacro: ['name count', 'Assembles the following lines if such a multi-line macro exists.'],
  ifctx: ['name', 'Assembles the following lines if the context on top has this name.'],
  ifidn: ['a, b', 'Assembles the following lines if both texts are the same.'],
  ifidni: ['a, b', 'Assembles the following lines if both texts are the same, ignoring case.'],
  ifid: ['text', 'Assembles the following lines if the text is a name.'],
  ifnum: ['text', 'Assembles the following lines if the text is a number.'],
  ifstr: ['text', 'Assembles the following lines if the text is a string.'],
  iftoken: ['text', 'Assembles the following lines if the text is a single token.'],
  ifempty: ['text', 'Assembles the following lines if there is no text.'],
  ifenv: ['name', 'Assembles the following lines if an environment variable exists.'],
  ifusing: ['package', 'Assembles the following lines if the package is in use.'],
  ifusable: ['package', 'Assembles the following lines if there is such a package.'],
  elif: ['expression', 'Another branch, if no branch before was taken.'],
  else: ['', 'The branch if none before was taken.'],
  endif: ['', 'Ends a conditional block.'],
  include: ['"file"', 'Reads another source file here.'],
  depend: ['"file"', 'Names a file the output depends on.'],
  use: ['package', 'Makes a standard macro package known: `altreg`, `fp`, `ifunc`, `smartalign`.'],
  push: ['name', 'Opens a context: `%$name` labels and macros belong to it.'],
  pop: ['[name]', 'Closes the context on top.'],
  repl: ['name', 'Renames the context on top.'],
  error: ['text', 'Reports an error.'],
  warning: ['text', 'Reports a warning.'],
  fatal: ['text', 'Reports an error and stops.'],
  note: ['text', 'Reports a note.'],
  line: ['number[+step] ["file"]', 'Says where the following lines come from.'],
  clear: ['[what]', 'Forgets macros.'],
  pragma: ['namespace directive', 'For particular output formats; ignored elsewhere.'],
};

/** Operands and meaning of a directive of the assembler. */
export function directiveDoc(word: string): { operands: string; text: string } | undefined {
  return doc(ASSEMBLER, word);
}

/** The same for the preprocessor; with or without `%`. `i` variants ignore the case of the name. */
export function preprocessorDoc(directive: string): { operands: string; text: string } | undefined {
  const word = directive.replace(/^%/, '').toLowerCase();
  const exact = doc(PREPROCESSOR, word);
  if (exact) return exact;
  if (/^(endm|unimacro)$/.test(word)) return doc(PREPROCESSOR, word === 'endm' ? 'endmacro' : 'unmacro');
  const branch = /^(el)?if(n?)(\w*)$/.exec(word);
  if (branch) {
    const base = doc(PREPROCESSOR, `if${branch[3]}`);
    if (!base) return undefined;
    const text = branch[2] ? `${base.text.replace(/\.$/, '')} — negated.` : base.text;
    return { operands: base.operands, text: branch[1] ? `Another branch. ${text}` : text };
  }
  if (word.startsWith('i')) {
    const base =
      doc(PREPROCESSOR, word.slice(1)) ?? (word === 'irmacro' ? doc(PREPROCESSOR, 'rmacro') : undefined);
    if (base)
      return { operands: base.operands, text: `${base.text.replace(/\.$/, '')}; its name ignores case.` };
  }
  return undefined;
}

function doc(
  table: Readonly<Record<string, [string, string]>>,
  word: string,
): { operands: string; text: string } | undefined {
  if (!Object.hasOwn(table, word)) return undefined;
  const [operands, text] = table[word];
  return { operands, text };
}

/** Size keywords and other words of operands. */
export const OPERAND_WORDS: Readonly<Record<string, string>> = {
  byte: '8 bits',
  word: '16 bits',
  dword: '32 bits',
  qword: '64 bits',
  tword: '80 bits',
  oword: '128 bits',
  yword: '256 bits',
  zword: '512 bits',
  rel: 'Address relative to RIP.',
  abs: 'Absolute address.',
  short: 'A jump with an 8-bit displacement.',
  near: 'A jump inside the segment.',
  far: 'A jump with a segment and an offset.',
  strict: 'Takes the size as written, without optimising.',
  nosplit: 'Keeps `reg*2` from becoming `reg+reg`.',
  seg: 'The segment of an address.',
  wrt: 'An address with regard to a segment.',
  dup: 'Repeats a list of values.',
};

/** What may stand behind the name of a section (NASM manual 8.1.3). */
export const SECTION_ATTRIBUTES: Readonly<Record<string, string>> = {
  align: 'The address of the section is a multiple of this power of two.',
  start: 'Where the section begins in the file, counted from the origin.',
  vstart: 'The address that the program sees; the section is copied there before it is used.',
  follows: 'The section comes behind the named one in the file.',
  vfollows: 'The addresses of the section come behind those of the named one.',
  progbits: 'The section has content.',
  nobits: 'The section has no content: only space is reserved.',
  valign: 'Alignment of the address that the program sees.',
};

const ROUNDING: Readonly<Record<string, string>> = {
  rn: 'Rounds to the nearest value',
  rd: 'Rounds down, towards −∞',
  ru: 'Rounds up, towards +∞',
  rz: 'Rounds towards zero',
};

/** AVX-512's `{z}`, `{1to16}`, `{rn-sae}` around a token (SDM vol. 1, 15.6). */
export function decoratorDoc(
  tokens: readonly { text: string; lower: string; is(text: string): boolean }[],
  at: number,
): string | undefined {
  let from = at;
  while (from > 0 && !tokens[from].is('{') && at - from < 3) from--;
  if (!tokens[from].is('{')) return undefined;
  const to = tokens.findIndex((t, i) => i > from && t.is('}'));
  if (to < at) return undefined;
  const word = tokens
    .slice(from + 1, to)
    .map((t) => t.lower)
    .join('');
  const text = decoratorText(word);
  return text && `\`{${word}}\` — ${text}`;
}

/** What stands between the braces. */
export function decoratorText(word: string): string | undefined {
  if (word === 'z') return 'Elements that the mask leaves out become 0 instead of keeping their value.';
  if (word === 'sae') return 'Suppresses all floating-point exceptions.';
  const copies = /^1to(2|4|8|16|32)$/.exec(word);
  if (copies) return `One element of memory is used for all ${copies[1]}.`;
  const rounding = /^(r[nduz])-sae$/.exec(word);
  return rounding ? `${ROUNDING[rounding[1]]}, whatever MXCSR says, and suppresses exceptions.` : undefined;
}
