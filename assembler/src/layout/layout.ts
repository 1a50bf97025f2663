import type { AssembleOptions } from '../api';
import { Complaint, type Move, type Reporter, rangeOf } from '../diagnostics';
import type { EncodedField, InstructionStatement, Reference, Value } from '../encode/statement';
import { MAX_IMAGE_BYTES } from '../limits';
import { type Base, Evaluator, type Linear, type Located, type Scope } from '../parse/evaluate';
import { MacroNames } from '../preprocess/names';
import { DEFAULT_FLOAT } from '../text/float';
import { type SourceLine, tokenOf } from '../text/source';
import type { Token } from '../text/token';
import type { FixedLine } from './fixed';
import type { Listing } from './listing';
import type { ObjectFormat } from './object';
import { LineRecords, StrucRecords } from './records';
import { Section } from './section';
import { type Definition, Symbols } from './symbols';

/** Where the next byte goes: into a section, or nowhere (`absolute`). */
export interface Absolute {
  value: bigint;
  base: Base | undefined;
}

const LOCAL = 0x2e;

/** Is this a special symbol: neither local nor a parent of local ones (NASM manual 3.9)? */
function isSpecial(name: string): boolean {
  return name.charCodeAt(0) === LOCAL && name.charCodeAt(1) === LOCAL;
}

/**
 * Location counters, sections and symbols. One object serves all passes;
 * {@link begin} starts the next one.
 */
export class Layout implements Scope {
  readonly symbols = new Symbols();
  readonly sections = new Map<string, Section>();
  readonly evaluator = new Evaluator(this);
  reporter!: Reporter;
  pass = 0;
  section!: Section;
  absolute: Absolute | undefined;
  bits: 16 | 32 | 64 = 16;
  defaultRel = false;
  /** The directive `cpu` (`encode/cpu.ts`); absent: every processor. What is kept of lines holds only then. */
  cpu: number | undefined;
  /** This pass has met a `default rel` or `default abs`. */
  defaultSeen = false;
  org: bigint | undefined;
  /** `sectalign on`: `align` also aligns the section. */
  alignsSections = true;
  /** The last label that is not local: local ones hang on it. */
  parent = '';
  /** Statement in work, counted through the pass. */
  ordinal = 0;
  /** Branches that may only take their long form from now on. */
  readonly grown = new Set<number>();
  /** Sizes may only grow: the passes do not settle by themselves. */
  growing = false;
  /** The symbol defined last. */
  lastDefined: Definition | undefined;
  /** The instruction encoded last, and the form of the jump if it was one. */
  lastInstruction: InstructionStatement | undefined;
  lastBranch: 'short' | 'near' | undefined;
  /** `$` stays at the beginning of a statement while `times` repeats it. */
  #here: Located | undefined;
  #hereOffset = 0;
  #hereBase: Section | undefined;
  #total = 0;
  /** Full names of local labels by parent, so that each is one string. */
  readonly #fullNames = new Map<string, Map<string, string>>();
  #namesOf = '';
  #names: Map<string, string> | undefined;
  /** Names of macros, for the preprocessor of every pass. */
  readonly names = new MacroNames();
  readonly records = new LineRecords();
  strucs = new StrucRecords();
  stopped = false;
  /** Limits that the source or its caller sets; like NASM's they outlast the pass. */
  limits = new Map<string, number>();
  /** Texts around names in the symbol table. */
  affixes: NonNullable<AssembleOptions['affixes']> = {};
  /** NASM's -O0 and -O1. */
  optimize: 0 | 1 | undefined;
  /** The listing of this pass: none of the first, which is never the last one of a whole assembly. */
  listing: Listing | undefined;
  /** Values carry what they are relative to: for object files and listings. */
  readonly traced: boolean;
  /** Where the statement that is being emitted stands. */
  current: Token | SourceLine | undefined;
  /** The statement in work was made of another line. */
  move: Move | undefined;
  /** Counts work, in tokens; set by the pass. */
  spend: (tokens: number, at: Token) => void = () => {};
  /** The token of the source that stands for one of the standard macros; set by the pass. */
  visible: (token: Token) => Token = (token) => token;

  constructor(
    /** The object format; absent for flat binaries. */
    readonly format?: ObjectFormat,
    /** Wants to know what stands where. */
    readonly lister?: Listing,
  ) {
    this.traced = format !== undefined || lister !== undefined;
  }

  get lenient(): boolean {
    return this.pass === 1;
  }

  get takesWrt(): boolean {
    return this.format !== undefined;
  }

  begin(pass: number, reporter: Reporter): void {
    this.pass = pass;
    this.reporter = reporter;
    this.symbols.begin(pass);
    for (const s of this.sections.values()) s.reset();
    this.records.begin();
    this.strucs = new StrucRecords();
    this.bits = this.format?.bits ?? 16;
    this.format?.begin();
    this.listing = pass > 1 ? this.lister : undefined;
    this.listing?.begin();
    // NASM keeps `default rel` from one pass to the next: it also holds above the directive.
    this.defaultSeen = false;
    this.cpu = undefined;
    this.org = undefined;
    this.alignsSections = true;
    this.evaluator.float = DEFAULT_FLOAT;
    this.parent = '';
    this.ordinal = 0;
    this.#total = 0;
    this.stopped = false;
    this.enter('.text');
  }

  /** Makes a section current; gives it back. */
  enter(name: string): Section {
    let section = this.sections.get(name);
    if (!section) {
      section = new Section(name);
      section.reset();
      this.sections.set(name, section);
    }
    this.section = section;
    this.absolute = undefined;
    this.mark();
    return section;
  }

  /** `$` is here from now on. */
  mark(): void {
    const { absolute } = this;
    if (absolute) {
      this.#here = { value: absolute.value, base: absolute.base };
      this.#hereBase = undefined;
      return;
    }
    this.#here = undefined;
    this.#hereOffset = this.section.offset;
    this.#hereBase = this.section;
  }

  here(): Located {
    this.#here ??= { value: BigInt(this.#hereOffset), base: this.#hereBase };
    return this.#here;
  }

  base(): Located {
    return { value: 0n, base: this.absolute ? this.absolute.base : this.section };
  }

  /** The full name of a symbol as written here. */
  fullName(name: string): string {
    if (name.charCodeAt(0) !== LOCAL || isSpecial(name)) return name;
    let names = this.#names;
    if (this.#namesOf !== this.parent || !names) {
      this.#namesOf = this.parent;
      names = this.#fullNames.get(this.parent);
      if (!names) {
        names = new Map();
        this.#fullNames.set(this.parent, names);
      }
      this.#names = names;
    }
    let full = names.get(name);
    if (full === undefined) {
      full = this.parent + name;
      names.set(name, full);
    }
    return full;
  }

  symbol(name: string, at: Token): Located | undefined {
    const full = this.fullName(name);
    const found = this.symbols.table.get(full);
    if (found) return found;
    const external = this.symbols.externals.get(full);
    if (external && this.format) {
      external.used = true;
      return { value: 0n, base: external };
    }
    const place = this.format ? undefined : this.#placeOf(name);
    if (place) return place;
    const special = isSpecial(name) ? this.format?.special(name) : undefined;
    if (special) return { value: 0n, base: special };
    if (external) {
      throw new Complaint(
        'external-unsupported',
        `\`${name}\` is external: a flat binary cannot refer to it`,
        at,
      );
    }
    return undefined;
  }

  /** `section.NAME.start` and `section.NAME.vstart` of flat binaries (NASM manual 8.1.3). */
  #placeOf(name: string): Located | undefined {
    if (!name.startsWith('section.')) return undefined;
    const match = /^section\.(.+)\.(v?start)$/.exec(name);
    const section = match ? this.sections.get(match[1]) : undefined;
    if (!section) return undefined;
    return { value: match![2] === 'vstart' ? 0n : section.start - section.vstart, base: section };
  }

  /** The symbol's value if it stands above, in this pass. */
  definedHere(name: string): Located | undefined {
    const found = this.symbols.table.get(this.fullName(name));
    return found?.pass === this.pass ? found : undefined;
  }

  /** Defines the label `token` at the current location. */
  label(token: Token): void {
    const name = this.#nameOf(token);
    const full = this.fullName(name);
    if (isSpecial(name) && !name.startsWith('..@')) {
      throw new Complaint(
        'symbol-special',
        `there is no special symbol \`${name}\` in this output format`,
        token,
      );
    }
    if (name.charCodeAt(0) !== LOCAL) this.parent = name;
    if (this.#hereBase) this.#define(full, 'label', this.#hereOffset, this.#hereBase, token);
    else this.#define(full, 'label', this.here().value, this.here().base, token);
    this.strucs.label(name, this.absolute?.value);
  }

  equ(token: Token, linear: Linear): void {
    const name = this.#nameOf(token);
    if (linear.unknown) return;
    const term = linear.terms[0];
    const simple = linear.terms.length === 0 || (linear.terms.length === 1 && term.factor === 1);
    if (!simple || typeof term?.key === 'string') {
      throw new Complaint('not-a-number', '`equ` needs a number or an address', token);
    }
    this.#define(this.fullName(name), 'equ', linear.value, term?.key as Base | undefined, token);
  }

  #nameOf(token: Token): string {
    return token.text[0] === '$' ? token.text.slice(1) : token.text;
  }

  #define(
    name: string,
    kind: 'label' | 'equ',
    value: bigint | number,
    base: Base | undefined,
    token: Token,
  ): void {
    const at = this.visible(this.move ? token.moved(this.move.to, this.move.columns) : token);
    const earlier = this.symbols.define(name, kind, value, base, at);
    this.lastDefined = this.symbols.last;
    if (!earlier) {
      this.format?.defined(name);
      return;
    }
    const where = `${earlier.at.file.path.replace(/^.*\//, '')}:${earlier.at.line}`;
    throw new Complaint('symbol-redefined', `\`${name}\` is already defined differently (${where})`, token);
  }

  /** The number a linear form stands for, once sections have their addresses. */
  resolve(linear: Linear): bigint {
    if (linear.terms.length === 0) return linear.value;
    let sum = linear.value;
    for (const { key, factor } of linear.terms) {
      if (typeof key === 'string')
        throw new Complaint('register-expression', 'registers can only be added up inside `[…]`');
      if (key instanceof Section) sum += key.vstart * BigInt(factor);
    }
    const relocatable = linear.terms.length === 1 && linear.terms[0].factor === 1;
    if (!relocatable && this.format && this.#selfBase(linear)) return BigInt.asIntN(64, linear.value);
    if (!relocatable && !linear.unknown) {
      throw new Complaint(
        'address-arithmetic',
        'addresses of different sections can only be subtracted as addresses of one section',
      );
    }
    return BigInt.asIntN(64, sum);
  }

  /** The base of a difference to the current section, `x-$`; undefined for other forms. */
  #selfBase(linear: Linear): Base | undefined {
    if (linear.terms.length !== 2) return undefined;
    const [a, b] = linear.terms;
    const [to, from] = a.factor === 1 ? [a, b] : [b, a];
    const fits = to.factor === 1 && from.factor === -1 && from.key === this.base().base;
    return fits && typeof to.key === 'object' ? to.key : undefined;
  }

  readonly toValue = (linear: Linear): Value => {
    // Whatever has an unknown part is unknown as a whole: short as an immediate, long as a displacement.
    if (linear.unknown) return { value: 0n, forward: true, address: false };
    const value: Value = {
      value: this.resolve(linear),
      forward: false,
      address: linear.terms.length > 0,
    };
    if (this.traced && value.address) value.reference = this.reference(linear);
    return value;
  };

  /** What a value is relative to. */
  reference(linear: Linear): Reference {
    const own = this.#selfBase(linear);
    const term = linear.terms[0];
    const base = own ?? (typeof term?.key === 'object' ? term.key : undefined);
    return {
      base,
      wrt: linear.wrt,
      here: base !== undefined && base === this.base().base,
      self: own !== undefined,
      final: this.format === undefined,
    };
  }

  /** The same for the target of a branch: an unknown one counts as near by, so that relaxation begins with short forms. */
  readonly toTarget = (linear: Linear): Value => {
    if (linear.unknown) return { value: this.address(), forward: true, address: true };
    const value = this.toValue(linear);
    // A bare number is a place in no section: an object file leaves the distance to the linker.
    if (this.traced && linear.terms.length === 0) value.reference = this.reference(linear);
    return value;
  };

  /** Address of the next byte as the program sees it. */
  address(): bigint {
    if (this.absolute) return this.absolute.value;
    return this.section.vstart + BigInt(this.section.offset);
  }

  #take(length: number, at: Token | SourceLine): boolean {
    this.#total += length;
    if (this.#total <= MAX_IMAGE_BYTES) return true;
    if (!this.stopped) {
      this.reporter.report(
        'error',
        'limit',
        `the image is larger than ${MAX_IMAGE_BYTES} bytes`,
        rangeOf(tokenOf(at)),
      );
    }
    this.stopped = true;
    return false;
  }

  /** A warning about a token, or else about the statement in work. */
  warn(code: string, message: string, token?: Token): void {
    const at = token ?? (this.current && tokenOf(this.current));
    if (at) this.reporter.report('warning', code, message, rangeOf(at));
  }

  /** Puts `bytes` `count` times into the current section. */
  emit(
    bytes: Uint8Array,
    count: number,
    code: boolean,
    at: Token | SourceLine,
    fields?: readonly EncodedField[],
  ): void {
    const length = bytes.length * count;
    if (length === 0) return;
    if (this.absolute) {
      const message = 'only `resb` and its kin can stand in an `absolute` section';
      throw new Complaint('absolute-data', message, tokenOf(at));
    }
    if (!this.#take(length, at)) return;
    const { section } = this;
    const start = section.offset;
    this.current = at;
    if (section.nobits) {
      this.reporter.report(
        'warning',
        'nobits-data',
        `section \`${section.name}\` has no content: only space is reserved`,
        rangeOf(tokenOf(at)),
      );
      section.reserve(length);
    } else if (fields && this.format) {
      for (let i = 0; i < count; i++) {
        this.#relocate(this.format, section, bytes, fields);
        section.append(bytes);
      }
    } else if (count === 1) section.append(bytes);
    else section.repeat(bytes, count);
    this.listing?.bytes(start, bytes, count, fields);
    this.records.add(section, start, length, code, this.bits);
  }

  /** Puts down the bytes of a line that never changes. */
  emitFixed(fixed: FixedLine, at: SourceLine): void {
    const { section } = this;
    if (this.absolute || section.nobits || this.listing) {
      this.emit(fixed.bytes, 1, true, at);
      return;
    }
    const { length } = fixed;
    if (!this.#take(length, at)) return;
    section.copy(fixed.store, fixed.at, length);
    this.records.add(section, section.offset - length, length, true, this.bits);
  }

  /** Gives the fields of one statement their relocations and what they hold. */
  #relocate(
    format: ObjectFormat,
    section: Section,
    bytes: Uint8Array,
    fields: readonly EncodedField[],
  ): void {
    for (const { offset, size, value, reference, relative, signed, segment } of fields) {
      if (segment && reference.base)
        throw new Complaint('seg-unsupported', 'this output format has no segment values');
      if (reference.here && relative && !reference.self && !reference.wrt) continue;
      if (reference.base === undefined && !relative) continue;
      let held = format.relocate({
        section,
        offset: section.offset + offset,
        size,
        value: value.value,
        base: reference.base as Base | undefined,
        wrt: reference.wrt as Base | undefined,
        relative,
        toEnd: bytes.length - offset,
        self: reference.self,
        signed,
      });
      for (let i = 0; i < size; i++, held >>= 8n) bytes[offset + i] = Number(held & 0xffn);
    }
  }

  /** Leaves `length` bytes free, `count` times `length / count`. */
  reserve(length: number, at: Token): void {
    if (length === 0) return;
    this.listing?.reserve(this.absolute ? Number(this.absolute.value) : this.section.offset, length);
    if (this.absolute) {
      this.absolute = { ...this.absolute, value: this.absolute.value + BigInt(length) };
      return;
    }
    if (!this.#take(length, at)) return;
    const start = this.section.offset;
    this.section.reserve(length);
    this.records.add(this.section, start, length, false, this.bits);
  }
}
