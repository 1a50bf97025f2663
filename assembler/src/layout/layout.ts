import { Complaint, type Reporter, rangeOf } from '../diagnostics';
import type { Value } from '../encode/statement';
import { MAX_IMAGE_BYTES } from '../limits';
import { type Base, Evaluator, type Linear, type Located, type Scope } from '../parse/evaluate';
import type { Token } from '../text/token';
import { LineRecords, StrucRecords } from './records';
import { Section } from './section';
import { Symbols } from './symbols';

/** Where the next byte goes: into a section, or nowhere (`absolute`). */
export interface Absolute {
  value: bigint;
  base: Base | undefined;
}

const LOCAL = '.';

/** Is this a special symbol: neither local nor a parent of local ones (NASM manual 3.9)? */
function isSpecial(name: string): boolean {
  return name.startsWith('..');
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
  org: bigint | undefined;
  /** The last label that is not local: local ones hang on it. */
  parent = '';
  /** Statement in work, counted through the pass. */
  ordinal = 0;
  /** Branches that may only take their long form from now on. */
  readonly grown = new Set<number>();
  /** Sizes may only grow: the passes do not settle by themselves. */
  growing = false;
  /** `$` stays at the beginning of a statement while `times` repeats it. */
  #statement: Located = { value: 0n };
  #total = 0;
  readonly records = new LineRecords();
  strucs = new StrucRecords();
  stopped = false;
  /** The token of the source that stands for one of the standard macros; set by the pass. */
  visible: (token: Token) => Token = (token) => token;

  get lenient(): boolean {
    return this.pass === 1;
  }

  begin(pass: number, reporter: Reporter): void {
    this.pass = pass;
    this.reporter = reporter;
    this.symbols.begin(pass);
    for (const s of this.sections.values()) s.reset();
    this.records.begin();
    this.strucs = new StrucRecords();
    this.bits = 16;
    // NASM keeps `default rel` from one pass to the next: it also holds above the directive.
    this.org = undefined;
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
    this.#statement = this.absolute
      ? { value: this.absolute.value, base: this.absolute.base }
      : { value: BigInt(this.section.offset), base: this.section };
  }

  here(): Located {
    return this.#statement;
  }

  base(): Located {
    if (this.absolute) return { value: this.absolute.value, base: this.absolute.base };
    return { value: 0n, base: this.section };
  }

  /** The full name of a symbol as written here. */
  fullName(name: string): string {
    return name[0] === LOCAL && !isSpecial(name) ? this.parent + name : name;
  }

  symbol(name: string, at: Token): Located | undefined {
    const full = this.fullName(name);
    const found = this.symbols.table.get(full);
    if (found) return found;
    if (this.symbols.externals.has(full)) {
      throw new Complaint(
        'external-unsupported',
        `\`${name}\` is external: a flat binary cannot refer to it`,
        at,
      );
    }
    return undefined;
  }

  /** Defines the label `token` at the current location. */
  label(token: Token): void {
    const name = this.#nameOf(token);
    const full = this.fullName(name);
    if (isSpecial(name) && !name.startsWith('..@')) {
      throw new Complaint('symbol-special', `flat binaries have no special symbol \`${name}\``, token);
    }
    if (name[0] !== LOCAL) this.parent = name;
    this.#define(full, 'label', this.here(), token);
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
    this.#define(
      this.fullName(name),
      'equ',
      { value: linear.value, base: term?.key as Base | undefined },
      token,
    );
  }

  #nameOf(token: Token): string {
    return token.text[0] === '$' ? token.text.slice(1) : token.text;
  }

  #define(name: string, kind: 'label' | 'equ', at: Located, token: Token): void {
    const earlier = this.symbols.define(name, kind, at.value, at.base, this.visible(token));
    if (!earlier) return;
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
    if (!relocatable && !linear.unknown) {
      throw new Complaint(
        'address-arithmetic',
        'addresses of different sections can only be subtracted as addresses of one section',
      );
    }
    return BigInt.asIntN(64, sum);
  }

  readonly toValue = (linear: Linear): Value => ({
    value: this.resolve(linear),
    forward: linear.unknown !== 0,
    address: linear.terms.length > 0,
  });

  /** The same for the target of a branch: an unknown one counts as near by, so that relaxation begins with short forms. */
  readonly toTarget = (linear: Linear): Value =>
    linear.unknown ? { value: this.address(), forward: true, address: true } : this.toValue(linear);

  /** Address of the next byte as the program sees it. */
  address(): bigint {
    if (this.absolute) return this.absolute.value;
    return this.section.vstart + BigInt(this.section.offset);
  }

  #take(length: number, at: Token): boolean {
    this.#total += length;
    if (this.#total <= MAX_IMAGE_BYTES) return true;
    if (!this.stopped) {
      this.reporter.report(
        'error',
        'limit',
        `the image is larger than ${MAX_IMAGE_BYTES} bytes`,
        rangeOf(at),
      );
    }
    this.stopped = true;
    return false;
  }

  /** Puts `bytes` `count` times into the current section. */
  emit(bytes: Uint8Array, count: number, code: boolean, at: Token): void {
    const length = bytes.length * count;
    if (length === 0) return;
    if (this.absolute) {
      throw new Complaint('absolute-data', 'only `resb` and its kin can stand in an `absolute` section', at);
    }
    if (!this.#take(length, at)) return;
    const { section } = this;
    const start = section.offset;
    if (section.nobits) {
      this.reporter.report(
        'warning',
        'nobits-data',
        `section \`${section.name}\` has no content: only space is reserved`,
        rangeOf(at),
      );
      section.reserve(length);
    } else if (count === 1) section.append(bytes);
    else section.repeat(bytes, count);
    if (this.pass > 1) this.records.add(section, start, length, code, this.bits);
  }

  /** Leaves `length` bytes free. */
  reserve(length: number, at: Token): void {
    if (length === 0) return;
    if (this.absolute) {
      this.absolute = { ...this.absolute, value: this.absolute.value + BigInt(length) };
      return;
    }
    if (!this.#take(length, at)) return;
    const start = this.section.offset;
    this.section.reserve(length);
    if (this.pass > 1) this.records.add(this.section, start, length, false, this.bits);
  }
}
