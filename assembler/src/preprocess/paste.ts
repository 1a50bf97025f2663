import { Complaint } from '../diagnostics';
import { tokenise } from '../text/lexer';
import { Kind, Token } from '../text/token';

/** NASM's limit for names. */
const MAX_NAME = 4095;

/** Do two tokens with no white space between them read as one word? */
type Meets = (a: Token, b: Token) => boolean;

const isLocal = (t: Token) => t.kind === Kind.Preprocessor && t.text[1] === '$' && t.text.length > 2;
const isNumber = (t: Token) => t.kind === Kind.Number || t.kind === Kind.Float;

/** Where parameters of multi-line macros were put in (NASM's `expand_mmac_params`). */
const behindParameters: Meets = (a, b) =>
  (a.kind === Kind.Identifier && (b.kind === Kind.Identifier || isNumber(b))) || (isNumber(a) && isNumber(b));

/** Where single-line macros were expanded (NASM's `expand_smacro`). */
const behindSingles: Meets = (a, b) =>
  (a.kind === Kind.Identifier || isLocal(a)) && (b.kind === Kind.Identifier || isLocal(b) || isNumber(b));

const isWord = (t: Token) => t.kind === Kind.Identifier || isNumber(t);

/** The sign of an exponent: `1e` before `+`. */
const isSign = (a: Token, b: Token) =>
  a.kind === Kind.Float && (b.text === '+' || b.text === '-') && /[ep]$/i.test(a.text);

/** NASM's assembler reads the finished line as text again. */
const asText: Meets = (a, b) => {
  if (a.kind === Kind.Operator) return b.kind === Kind.Identifier && a.text === '$' && b.text[0] !== '$';
  return isWord(a) && (isWord(b) || (b.kind === Kind.Operator && isSign(a, b)));
};

/** Glues words together where parameters were put in. */
export function pasteParameters(tokens: readonly Token[]): readonly Token[] {
  return paste(tokens, behindParameters, false, asText);
}

/** Glues words together where macros were expanded, and around `%+`. */
export function pasteSingles(tokens: readonly Token[]): readonly Token[] {
  return paste(tokens, behindSingles, true);
}

/** Glues everything that reads as one word. */
export function pasteText(tokens: readonly Token[]): readonly Token[] {
  return paste(tokens, asText, false);
}

const isPaste = (t: Token) => t.kind === Kind.Preprocessor && t.text === '%+';

/** Words, numbers and operators without white space, from a name on, are read as text again: `f(%1e+%2)`. */
function inRun(tokens: readonly Token[], at: number): boolean {
  for (let i = at; i >= 0; i--) {
    const { kind, space } = tokens[i];
    if (kind === Kind.String || kind === Kind.Preprocessor) return false;
    if (kind === Kind.Identifier && i < at) return true;
    if (space) return false;
  }
  return false;
}

/** Gives the same array back when nothing is to be glued. `within`: what meets inside a run. */
function paste(
  tokens: readonly Token[],
  meets: Meets,
  explicitly: boolean,
  within?: Meets,
): readonly Token[] {
  const from = firstPlace(tokens, meets, explicitly, within);
  if (from < 0) return tokens;
  const out = tokens.slice(0, from);
  let changed = false;
  for (let i = from; i < tokens.length; i++) {
    let t = tokens[i];
    const explicit = explicitly && isPaste(t);
    if (explicit) {
      changed = true;
      while (i < tokens.length && isPaste(tokens[i])) i++;
      if (i >= tokens.length) break;
      t = tokens[i];
    }
    const last = out[out.length - 1];
    const glued =
      explicit || (last && !t.space && (meets(last, t) || (within?.(last, t) && inRun(tokens, i))));
    if (last && glued) changed = glue(out, last, t) || changed;
    else out.push(t);
  }
  return changed ? out : tokens;
}

function firstPlace(tokens: readonly Token[], meets: Meets, explicitly: boolean, within?: Meets): number {
  if (explicitly && tokens.length > 0 && isPaste(tokens[0])) return 0;
  for (let i = 1; i < tokens.length; i++) {
    const t = tokens[i];
    if (explicitly && isPaste(t)) return i;
    if (t.space) continue;
    const before = tokens[i - 1];
    if (meets(before, t) || (within?.(before, t) && inRun(tokens, i))) return i;
  }
  return -1;
}

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
