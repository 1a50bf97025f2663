/**
 * What tools around the assembler need besides {@link assemble}: the tokens and
 * statements of a file, the words of the dialect and the instruction table. The
 * language server reads sources with these, so it sees what the assembler sees.
 */

export { isMnemonic } from './encode';
export { intelName } from './encode/dialect';
export type { Form, Slot } from './encode/form';
export { allRegisters, findRegister, type Register, type RegisterClass } from './encode/registers';
export { allMnemonics, formsOf } from './encode/table';
export { Cursor } from './parse/cursor';
export { Evaluator, type Linear, type Located, type Scope } from './parse/evaluate';
export { type Expression, parseExpression } from './parse/expression';
export { type OperandSyntax, parseStatement, type Statement } from './parse/statement';
export {
  DATA,
  isPrefixName,
  isRegisterName,
  isSegmentName,
  RESERVE,
  SIZES,
  startsStatement,
} from './parse/words';
export { baseName, directoryOf, join, normalizePath, pathKey } from './paths';
export { isConditional } from './preprocess/conditionals';
export { PACKAGES, STANDARD_MACROS } from './preprocess/standard-macros';
export { decodeText, encodeText } from './text/encoding';
export { floatBits } from './text/float';
export { isName, tokenise } from './text/lexer';
export { parseNumber } from './text/number';
export { directiveOf, makeLine, readSource, type SourceFile, type SourceLine } from './text/source';
export { stringBytes } from './text/string';
export { detokenise, Kind, Token } from './text/token';

/** Directives of the preprocessor, with `%`, in the order of NASM's manual. */
export const PREPROCESSOR_DIRECTIVES: readonly string[] = [
  'define idefine xdefine ixdefine undef defalias idefalias undefalias aliases assign iassign defstr idefstr deftok ideftok strcat istrcat',
  'strlen istrlen substr isubstr pathsearch ipathsearch',
  'macro imacro rmacro irmacro endmacro unmacro unimacro exitmacro rotate rep endrep exitrep',
  'if ifn elif elifn else endif ifdef ifndef elifdef elifndef ifmacro ifnmacro ifctx ifnctx ifidn ifnidn ifidni ifnidni',
  'ifid ifnid ifnum ifnnum ifstr ifnstr iftoken ifntoken ifempty ifnempty ifenv ifnenv ifdefalias ifndefalias ifusing ifnusing ifusable ifnusable',
  'arg local stacksize include depend use push pop repl error warning fatal line clear pragma null',
]
  .join(' ')
  .split(' ')
  .map((name) => `%${name}`);

/** Directives of the assembler, without brackets (NASM manual, chapter 7). */
export const DIRECTIVES: readonly string[] = (
  'bits use16 use32 use64 default org section segment absolute extern required global static common cpu float ' +
  'struc endstruc istruc at iend align alignb sectalign'
).split(' ');
