import { Kind, type SourceLine, type Token } from '@hyperstep/assembler';
import type { Document, LineChange } from '../text/document';
import { type ContextStep, contextStep, hasLocals } from './context-steps';
import type { Declaration, DeclarationKind } from './declaration';
import {
  caselessKey,
  defineKey,
  isLocal,
  macroKey,
  plainName,
  rawContextKey,
  sectionKey,
  symbolKey,
} from './keys';
import type { MacroTable } from './macro-table';
import { readDefine, readMacro, splitAtCommas } from './macros';
import { type LineKind, type Shape, shapeOf } from './shape';

/** Directives whose second word is a single-line macro being defined. */
const DEFINES = /^i?(x?define|xdefine|assign|strlen|strcat|substr|defstr|deftok|pathsearch)$|^ixdefine$/;
const OPENS_MACRO = /^i?r?macro$|^irmacro$/;
const CLOSES_MACRO = /^endm(acro)?$/;

/** Is this preprocessor directive (without `%`, lower case) one that defines a single-line macro? */
export function definesSingle(directive: string): boolean {
  return DEFINES.test(directive);
}

/** What surrounds a line. */
export interface Surroundings {
  /** The label that local ones hang on. */
  parent: string;
  /** The macro whose body the line is in. */
  macro: Declaration | undefined;
  /** The structure whose `istruc` block the line is in. */
  instance: string | undefined;
  bits: 16 | 32 | 64 | undefined;
}

/** A file read by an `%include` or `incbin`. */
export interface FileUse {
  token: Token;
  /** The path as written, without quotes. */
  path: string;
  binary: boolean;
}

/**
 * What one file declares, and what surrounds each of its lines. Made from the
 * tokens alone, so it also knows macro bodies and branches of `%if` that are
 * not assembled.
 */
export class Outline {
  readonly declarations: Declaration[] = [];
  readonly byKey = new Map<string, Declaration[]>();
  readonly files: FileUse[] = [];
  readonly lines: readonly SourceLine[];
  /** The revision of the document it tells about. */
  revision: number;
  readonly shapes: Shape[] = [];
  /** For every token line; neighbours share an object. */
  readonly surroundings: Surroundings[] = [];
  /** Names exported by `global`. */
  readonly exported = new Set<string>();
  /** How often local labels are mentioned, by key: `.x` below its label, `main.x` anywhere, `%%x` in its macro. */
  readonly mentions = new Map<string, number>();
  /** Lines that contexts depend on, in order; none when nothing in the program pushes any. */
  readonly contextSteps: ContextStep[] = [];

  private here: Surroundings = { parent: '', macro: undefined, instance: undefined, bits: undefined };
  private struc: Declaration | undefined;
  private depth = 0;
  private outer: Surroundings | undefined;
  private openLabel: Declaration | undefined;

  constructor(
    readonly document: Document,
    private readonly macros: MacroTable,
    private readonly epoch: number,
  ) {
    this.revision = document.revision;
    this.lines = document.source.lines;
    for (let i = 0; i < this.lines.length; i++) {
      const shape = shapeOf(this.lines[i], macros.has, epoch);
      this.shapes.push(shape);
      this.read(this.lines[i], shape, i);
    }
    this.finish(this.lines.length - 1);
  }

  /**
   * Takes over changes of lines that declare nothing and surround nothing: an
   * instruction typed inside a function. False when a change is of another
   * kind and the outline has to be made anew.
   */
  follow(): boolean {
    const changes = this.document.changesSince(this.revision);
    if (!changes) return false;
    for (const change of changes) if (!this.take(change)) return false;
    this.revision = this.document.revision;
    return true;
  }

  private take({ index, removed, added }: LineChange): boolean {
    const shapes = added.map((line) => shapeOf(line, this.macros.has, this.epoch));
    const neutral = (lines: readonly SourceLine[]) => (shape: Shape, i: number) =>
      isNeutral(shape) && !this.makesLabel(shape) && !this.mattersToContexts(lines[i], shape);
    if (!shapes.every(neutral(added))) return false;
    if (!this.shapes.slice(index, index + removed.length).every(neutral(removed))) return false;
    let here = this.surroundings[index];
    if (removed.length === 0) {
      // What stands above decides, unless it changes what follows.
      const above = this.shapes[index - 1];
      if (!above || above.kind === 'directive' || above.kind === 'preprocessor') return false;
      here = this.surroundings[index - 1];
    }
    for (const line of removed) this.mention(line, undefined, here, -1);
    for (const line of added) this.mention(line, undefined, here, 1);
    splice(this.shapes, index, removed.length, shapes);
    splice(
      this.surroundings,
      index,
      removed.length,
      added.map(() => here),
    );
    const delta = added.length - removed.length;
    if (delta === 0) return true;
    for (const d of this.declarations) {
      if (d.index >= index) d.index += delta;
      // New lines behind the last one of a label belong to it.
      const reach = d.kind === 'label' && removed.length === 0 ? index - 1 : index;
      if (d.last >= reach) d.last += delta;
      if (d.last < d.index) d.last = d.index;
    }
    return true;
  }

  /** Index of the token line at a physical line (from 0), or −1. */
  indexOf(number: number): number {
    const line = this.document.tokensAt(number);
    return line ? this.search(line.number) : -1;
  }

  /** Index of the last token line that begins at or before a line counted from 1; −1 when there is none. */
  search(number: number): number {
    let low = 0;
    let high = this.lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.lines[middle].number <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** What surrounds a physical line (from 0), with tokens or without. */
  around(number: number): Surroundings {
    const at = this.search(number + 1);
    if (at < 0) return { parent: '', macro: undefined, instance: undefined, bits: undefined };
    const found = this.surroundings[at];
    // Behind the line that changes it, the next line's surroundings count.
    if (this.lines[at].number < number + 1 && at + 1 < this.lines.length) return this.surroundings[at + 1];
    return found;
  }

  private mattersToContexts(line: SourceLine, shape: Shape): boolean {
    return this.macros.pushes && (shape.kind === 'call' || hasLocals(line));
  }

  private read(line: SourceLine, shape: Shape, index: number): void {
    const step = this.macros.pushes ? contextStep(line, shape) : undefined;
    if (step) this.contextSteps.push(step);
    if (shape.kind === 'preprocessor') {
      this.surroundings.push(this.here);
      this.mention(line, undefined, this.here, 1);
      this.preprocessor(line, index);
      return;
    }
    if (shape.label) this.label(shape.label, shape.kind, index);
    if (this.makesLabel(shape)) {
      const parameter = this.macros.labelParameter(shape.head!.text)!;
      const [token, ...more] = splitAtCommas(line.tokens.slice(shape.at + 1))[parameter - 1] ?? [];
      if (token?.kind === Kind.Identifier && more.length === 0) this.label(token, 'call', index);
    }
    this.surroundings.push(this.here);
    this.mention(line, shape.label, this.here, 1);
    if (shape.kind === 'directive') this.directive(line, shape, index);
    else if (shape.kind === 'incbin') this.file(line.tokens[shape.at + 1], true);
  }

  /** Counts the local labels that a line mentions besides the one it defines. */
  private mention(line: SourceLine, label: Token | undefined, here: Surroundings, by: number): void {
    for (const token of line.tokens) {
      if (token === label) continue;
      const { kind, text } = token;
      if (kind === Kind.Identifier) {
        if (text.includes('.')) this.count(text, here, by);
      } else if (kind === Kind.Preprocessor && text.length > 2) {
        if (text[1] === '%') {
          if (here.macro) this.add(localKey(here.macro, text.slice(2)), by);
        } else if (text[1] === '[') {
          for (const name of text.match(/[\w$#@~.?]+/g) ?? [])
            if (name.includes('.')) this.count(name, here, by);
        }
      }
    }
  }

  private count(text: string, { parent }: Surroundings, by: number): void {
    const name = plainName(text);
    this.add(symbolKey(isLocal(name) ? parent + name : name), by);
  }

  private add(key: string, by: number): void {
    this.mentions.set(key, (this.mentions.get(key) ?? 0) + by);
  }

  private preprocessor(line: SourceLine, index: number): void {
    const { tokens } = line;
    const name = line.directive ?? '';
    if (CLOSES_MACRO.test(name)) {
      if (this.depth > 0 && --this.depth === 0 && this.outer) {
        if (this.here.macro) this.here.macro.last = index;
        this.here = { ...this.outer, bits: this.here.bits };
        this.outer = undefined;
      }
    } else if (OPENS_MACRO.test(name)) {
      if (this.depth++ > 0) return;
      const token = tokens[1];
      let macro: Declaration | undefined;
      if (token?.kind === Kind.Identifier) {
        macro = this.declare('macro', macroKey(token.text), token.text, token, index);
        macro.macro = readMacro(name, tokens);
      }
      this.outer = this.here;
      // Local labels of the body hang on whatever stands before the call.
      this.here = { ...this.here, parent: `%${token?.text ?? ''}`, macro };
    } else if (name === 'include') this.file(tokens[1], false);
    else if (definesSingle(name)) this.single(tokens, name, index);
  }

  private single(tokens: readonly Token[], directive: string, index: number): void {
    const token = tokens[1];
    if (!token) return;
    if (token.kind === Kind.Preprocessor && token.text[1] === '$') {
      const name = token.text.replace(/^%\$+/, '');
      this.declare('context', rawContextKey(name), `%$${name}`, token, index);
    } else if (token.kind === Kind.Identifier) {
      const define = readDefine(directive, tokens);
      const key = define.caseless ? caselessKey(token.text) : defineKey(token.text);
      this.declare('define', key, token.text, token, index).define = define;
    }
  }

  private file(token: Token | undefined, binary: boolean): void {
    if (token?.kind === Kind.String) this.files.push({ token, path: token.text.slice(1, -1), binary });
  }

  /** A call of a macro such as `proc name`, whose body has the line `%1:`. */
  private makesLabel({ kind, head }: Shape): boolean {
    return kind === 'call' && this.macros.labelParameter(head!.text) !== undefined;
  }

  private label(token: Token, line: LineKind, index: number): void {
    const macro = this.here.macro;
    if (token.kind === Kind.Preprocessor) {
      if (token.text[1] === '$') {
        const name = token.text.replace(/^%\$+/, '');
        this.declare('context', rawContextKey(name), `%$${name}`, token, index);
      } else if (macro) {
        const name = token.text.slice(2);
        this.declare('macro-local', localKey(macro, name), `%%${name}`, token, index, macro.name);
      }
      return;
    }
    const name = plainName(token.text);
    if (isLocal(name)) {
      const { parent } = this.here;
      const kind: DeclarationKind = this.struc ? 'field' : line === 'equ' ? 'equ' : 'local';
      this.declare(kind, symbolKey(parent + name), parent + name, token, index, parent);
      return;
    }
    if (line === 'equ') {
      this.declare('equ', symbolKey(name), name, token, index);
      return;
    }
    if (this.struc) {
      this.declare('field', symbolKey(name), name, token, index, this.struc.name);
      return;
    }
    this.finish(index - 1);
    this.openLabel = this.declare('label', symbolKey(name), name, token, index);
    if (!name.startsWith('..')) this.here = { ...this.here, parent: name };
  }

  /** The label in front of here reaches to this line. */
  private finish(last: number): void {
    if (this.openLabel) this.openLabel.last = Math.max(this.openLabel.index, last);
    this.openLabel = undefined;
  }

  private directive(line: SourceLine, shape: Shape, index: number): void {
    const { tokens } = line;
    const operand = tokens[shape.at + 1];
    switch (shape.head!.lower) {
      case 'bits':
        if (/^(16|32|64)$/.test(operand?.text ?? '')) this.bits(Number(operand.text) as 16 | 32 | 64);
        break;
      case 'use16':
        this.bits(16);
        break;
      case 'use32':
        this.bits(32);
        break;
      case 'use64':
        this.bits(64);
        break;
      case 'struc':
        if (operand?.kind === Kind.Identifier) {
          this.finish(index - 1);
          const name = plainName(operand.text);
          this.struc = this.declare('struc', symbolKey(name), name, operand, index);
          this.here = { ...this.here, parent: name };
        }
        break;
      case 'endstruc':
        if (this.struc) this.struc.last = index;
        this.struc = undefined;
        break;
      case 'istruc':
        if (operand) this.here = { ...this.here, instance: plainName(operand.text) };
        break;
      case 'iend':
        this.here = { ...this.here, instance: undefined };
        break;
      case 'section':
      case 'segment':
        this.finish(index - 1);
        if (operand) this.section(tokens, shape.at + 1, index);
        break;
      case 'extern':
      case 'required':
      case 'common':
        for (const token of names(tokens, shape.at + 1)) {
          const name = plainName(token.text);
          this.declare('extern', symbolKey(name), name, token, index);
        }
        break;
      case 'global':
      case 'static':
        for (const token of names(tokens, shape.at + 1)) this.exported.add(plainName(token.text));
        break;
      default:
    }
  }

  private section(tokens: readonly Token[], at: number, index: number): void {
    const name = tokens[at].text;
    this.declare('section', sectionKey(name), name, tokens[at], index);
  }

  private bits(bits: 16 | 32 | 64): void {
    this.here = { ...this.here, bits };
  }

  private declare(
    kind: DeclarationKind,
    key: string,
    name: string,
    token: Token,
    index: number,
    container?: string,
  ): Declaration {
    const declaration: Declaration = {
      kind,
      key,
      name,
      path: this.document.path,
      ordinal: this.declarations.length,
      token,
      index,
      last: index,
      container,
    };
    this.declarations.push(declaration);
    const same = this.byKey.get(key);
    if (same) same.push(declaration);
    else this.byKey.set(key, [declaration]);
    return declaration;
  }
}

/** Declares nothing and changes nothing for the lines behind it. */
function isNeutral({ kind, label }: Shape): boolean {
  return (
    label === undefined &&
    (kind === 'instruction' || kind === 'data' || kind === 'reserve' || kind === 'call' || kind === 'unknown')
  );
}

/** `splice` that does not copy the array when the length stays. */
function splice<T>(array: T[], index: number, removed: number, added: readonly T[]): void {
  if (added.length === removed) for (let i = 0; i < removed; i++) array[index + i] = added[i];
  else array.splice(index, removed, ...added);
}

/** Names in a list separated by commas; what follows a colon is no name. */
function names(tokens: readonly Token[], from: number): Token[] {
  const list: Token[] = [];
  for (let i = from; i < tokens.length; i++) {
    const before = tokens[i - 1];
    if (tokens[i].kind === Kind.Identifier && (i === from || before.is(','))) list.push(tokens[i]);
  }
  return list;
}

/** Key of `%%name` in the body of a macro. */
export function localKey(macro: Declaration, name: string): string {
  return `l:${macro.path}:${macro.ordinal}:${name}`;
}

/** Key of `%n` in the body of a macro. */
export function parameterKey(macro: Declaration, name: string): string {
  return `p:${macro.path}:${macro.ordinal}:${name}`;
}
