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

/** NASM's assembler reads the finished line as text again. */
const asText: Meets = (a, b) =>
  a.kind === Kind.Operator
    ? b.kind === Kind.Identifier && a.text === '$' && b.text[0] !== '$'
    : isWord(a) && isWord(b);

/** Glues words together where parameters were put in. */
export function pasteParameters(tokens: readonly Token[]): readonly Token[] {
  return paste(tokens, behindParameters, false);
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

/** Gives the same array back when nothing is to be glued. */
function paste(tokens: readonly Token[], meets: Meets, explicitly: boolean): readonly Token[] {
  const from = firstPlace(tokens, meets, explicitly);
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
    if (last && (explicit || (!t.space && meets(last, t)))) changed = glue(out, last, t) || changed;
    else out.push(t);
  }
  return changed ? out : tokens;
}

function firstPlace(tokens: readonly Token[], meets: Meets, explicitly: boolean): number {
  if (explicitly && tokens.length > 0 && isPaste(tokens[0])) return 0;
  for (let i = 1; i < tokens.length; i++) {
    const t = tokens[i];
    if ((!t.space && meets(tokens[i - 1], t)) || (explicitly && isPaste(t))) return i;
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
