import { Complaint, rangeOf } from '../diagnostics';
import { CPU_NAMES, cpuLevel, cpuName, EVERY_CPU } from '../encode/cpu';
import { Cursor } from '../parse/cursor';
import { parseExpression } from '../parse/expression';
import { baseOf } from '../parse/operand';
import { DEFAULT_FLOAT } from '../text/float';
import { detokenise, Kind, type Token } from '../text/token';
import type { Layout } from './layout';
import { External, type SectionWord } from './object';
import { runPragma } from './pragma';
import type { Section } from './section';

/** A directive in brackets; the cursor stands behind its name. */
type Directive = (layout: Layout, cursor: Cursor, at: Token) => void;

function number(layout: Layout, cursor: Cursor): bigint {
  return layout.evaluator.scalar(parseExpression(cursor), true).value;
}

function powerOfTwo(value: bigint, at: Token): number {
  if (value <= 0n || (value & (value - 1n)) !== 0n || value > 0x80000000n) {
    throw new Complaint('align-invalid', `alignment ${value} is not a power of two`, at);
  }
  return Number(value);
}

/** Like NASM it reads digits, not an expression. */
const bits: Directive = (layout, cursor, at) => {
  const value = cursor.next();
  const size = Number.parseInt(value?.kind === Kind.Number ? value.text : '', 10);
  if (size !== 16 && size !== 32 && size !== 64)
    throw new Complaint('bits-invalid', '`bits` takes 16, 32 or 64', value ?? at);
  const least = size === 16 ? '8086' : size === 32 ? '386' : 'x64';
  if (layout.cpu !== undefined && layout.cpu < cpuLevel(least)!) {
    layout.bits = 16;
    throw new Complaint(
      'bits-invalid',
      `\`bits ${size}\` needs \`cpu ${least}\` or later; \`cpu ${cpuName(layout.cpu)}\` holds here`,
      at,
    );
  }
  layout.bits = size;
};

const org: Directive = (layout, cursor, at) => {
  const value = number(layout, cursor);
  if (layout.org !== undefined && layout.org !== value) {
    throw new Complaint('org-redefined', 'the origin is already set', at);
  }
  layout.org = value;
};

/** A section name is whatever stands there without blanks. */
function sectionName(cursor: Cursor, at: Token): string {
  const first = cursor.next();
  if (!first) throw new Complaint('name-expected', `\`${at.text}\` needs a name`, at);
  // Quotes are part of it, as in NASM.
  let name = first.text;
  while (cursor.peek && !cursor.peek.space && !cursor.peek.is('=')) name += cursor.next()!.text;
  return name;
}

type Attribute = (section: Section, layout: Layout, cursor: Cursor, at: Token) => void;

function nonNegative(layout: Layout, cursor: Cursor, at: Token): bigint {
  const value = number(layout, cursor);
  if (value < 0n) throw new Complaint('section-attribute', 'a section cannot have a negative address', at);
  return value;
}

const ATTRIBUTES: Record<string, Attribute> = {
  align: (s, layout, cursor, at) => {
    s.align = Math.max(powerOfTwo(number(layout, cursor), at), s.align ?? 1);
    aligned('align', s.align, 'start', s.explicitStart, at);
  },
  valign: (s, layout, cursor, at) => {
    s.valign = Math.max(powerOfTwo(number(layout, cursor), at), s.valign ?? 1);
    aligned('valign', s.valign, 'vstart', s.explicitVstart, at);
  },
  start: (s, layout, cursor, at) => {
    const value = nonNegative(layout, cursor, at);
    exclusive('start', 'follows', s.follows, at);
    unchanged(s.explicitStart, value, at);
    s.explicitStart = value;
    aligned('align', s.align, 'start', value, at);
  },
  vstart: (s, layout, cursor, at) => {
    const value = nonNegative(layout, cursor, at);
    exclusive('vstart', 'vfollows', s.vfollows, at);
    unchanged(s.explicitVstart, value, at);
    s.explicitVstart = value;
    aligned('valign', s.valign, 'vstart', value, at);
  },
  follows: (s, _, cursor, at) => {
    exclusive('follows', 'start', s.explicitStart, at);
    s.follows = sectionName(cursor, at);
  },
  vfollows: (s, _, cursor, at) => {
    exclusive('vfollows', 'vstart', s.explicitVstart, at);
    s.vfollows = sectionName(cursor, at);
  },
};

function aligned(
  by: string,
  alignment: number | undefined,
  what: string,
  address: bigint | undefined,
  at: Token,
): void {
  if (alignment === undefined || address === undefined || address % BigInt(alignment) === 0n) return;
  throw new Complaint('section-attribute', `\`${what}\` is no multiple of \`${by}\`, ${alignment}`, at);
}

function exclusive(one: string, other: string, value: unknown, at: Token): void {
  if (value !== undefined)
    throw new Complaint('section-attribute', `\`${one}\` and \`${other}\` exclude each other`, at);
}

function unchanged(before: bigint | undefined, value: bigint, at: Token): void {
  if (before !== undefined && before !== value)
    throw new Complaint('section-attribute', `the section already has \`${at.lower}=${before}\``, at);
}

/** A section with or without content stays what it is. */
function setContent(s: Section, nobits: boolean, at: Token): void {
  if ((s.nobits ?? (s.offset === 0 && nobits)) !== nobits) {
    const now = s.nobits ? 'is reserved space only (`nobits`)' : 'has content (`progbits`)';
    throw new Complaint('section-attribute', `section \`${s.name}\` ${now}`, at);
  }
  s.nobits = nobits;
}

/** Words other formats know; `bin` takes and ignores them. */
const IGNORED = new Set([
  'exec',
  'noexec',
  'alloc',
  'noalloc',
  'write',
  'nowrite',
  'code',
  'data',
  'bss',
  'rdata',
  'tls',
  'public',
  'private',
]);

/** The attributes of a section in an object format: words, some with a value behind `=`. */
function sectionWords(cursor: Cursor): SectionWord[] {
  const words: SectionWord[] = [];
  while (!cursor.done) {
    const at = cursor.next()!;
    let name = at.lower;
    while (cursor.peek && !cursor.peek.space && !cursor.peek.is('=')) name += cursor.next()!.lower;
    const value: Token[] = [];
    if (cursor.accept('=')) {
      while (cursor.peek && (value.length === 0 || !cursor.peek.space || value[value.length - 1].is('(')))
        value.push(cursor.next()!);
    }
    words.push({ at, name, value });
  }
  return words;
}

const section: Directive = (layout, cursor, at) => {
  const s = layout.enter(sectionName(cursor, at));
  if (layout.format) {
    layout.format.section(s, sectionWords(cursor), (message, word) =>
      layout.reporter.report('warning', 'section-attribute', message, rangeOf(word)),
    );
    return;
  }
  while (!cursor.done) {
    const word = cursor.next()!;
    const attribute = Object.hasOwn(ATTRIBUTES, word.lower) ? ATTRIBUTES[word.lower] : undefined;
    if (attribute && cursor.accept('=')) attribute(s, layout, cursor, word);
    else if (word.lower === 'nobits' || word.lower === 'progbits')
      setContent(s, word.lower === 'nobits', word);
    else {
      const known = IGNORED.has(word.lower);
      const why = known ? 'means nothing in a flat binary' : 'is no section attribute';
      layout.reporter.report('warning', 'section-attribute', `\`${word.text}\` ${why}`, rangeOf(word));
      while (cursor.peek && !cursor.peek.space) cursor.next();
    }
  }
};

const absolute: Directive = (layout, cursor) => {
  const linear = layout.evaluator.linear(parseExpression(cursor), true);
  const base = baseOf(linear);
  if (linear.terms.length > 0 && !base)
    throw new Complaint('not-a-number', '`absolute` needs a number or an address');
  layout.absolute = { value: linear.value, base };
};

const defaults: Directive = (layout, cursor, at) => {
  layout.defaultSeen = true;
  do {
    const word = cursor.next();
    if (word?.lower === 'rel') layout.defaultRel = true;
    else if (word?.lower === 'abs') layout.defaultRel = false;
    else if (word?.lower !== 'bnd' && word?.lower !== 'nobnd') {
      throw new Complaint('default-invalid', '`default` takes `rel` or `abs`', word ?? at);
    }
  } while (cursor.accept(','));
};

interface Named {
  name: string;
  at: Token;
  /** What follows a colon; its meaning is the object format's. */
  special: Token[];
}

/** Names separated by commas, each with what follows its colon. */
function names(cursor: Cursor, at: Token): Named[] {
  const list: Named[] = [];
  do {
    const name = cursor.next();
    if (name?.kind !== Kind.Identifier)
      throw new Complaint('name-expected', `\`${at.text}\` needs a symbol`, name ?? at);
    const special: Token[] = [];
    while (!cursor.done && !cursor.peek!.is(',')) special.push(cursor.next()!);
    const colon = special.shift();
    if (colon && !colon.is(':'))
      throw new Complaint('comma-expected', `\`${at.text}\` separates names by commas`, colon);
    list.push({ name: name.text.replace(/^\$/, ''), at: name, special });
  } while (cursor.accept(','));
  return list;
}

const global: Directive = (layout, cursor, at) => {
  for (const { name, special, at: where } of names(cursor, at)) {
    const full = layout.fullName(name);
    if (layout.format) layout.format.global(full, special, where);
    else if (special.length > 0 && layout.symbols.table.has(full))
      throw new Complaint('global-special', 'a flat binary has no symbol types', special[0]);
  }
};

/** `static` makes a label local, which every label is by itself. */
const local: Directive = (_, cursor, at) => {
  names(cursor, at);
};

function declare(layout: Layout, external: External): void {
  const { externals } = layout.symbols;
  const known = externals.get(external.name);
  if (known?.kind === external.kind) known.size = external.size;
  else externals.set(external.name, external);
  // A label of the name stands where it is defined.
  if (!layout.symbols.table.has(external.name)) layout.format?.defined(external.name);
}

const extern: Directive = (layout, cursor, at) => {
  const kind = at.lower === 'required' ? 'required' : 'extern';
  for (const { name, special } of names(cursor, at)) declare(layout, new External(name, kind, special));
};

const common: Directive = (layout, cursor, at) => {
  if (!layout.format)
    throw new Complaint('common-unsupported', 'a flat binary cannot have common variables', at);
  const name = cursor.next();
  if (name?.kind !== Kind.Identifier)
    throw new Complaint('name-expected', '`common` needs a symbol', name ?? at);
  const size = number(layout, cursor);
  const special = cursor.accept(':') ? cursor.tokens.slice(cursor.at, cursor.end) : [];
  cursor.at = cursor.end;
  const external = new External(name.text.replace(/^\$/, ''), 'common', special);
  external.used = true;
  external.size = size;
  declare(layout, external);
};

const sectalign: Directive = (layout, cursor, at) => {
  const word = cursor.peek;
  if (word?.lower === 'on' || word?.lower === 'off') {
    cursor.next();
    layout.alignsSections = word.lower === 'on';
    return;
  }
  if (!layout.alignsSections) {
    cursor.at = cursor.end;
    return;
  }
  const value = powerOfTwo(number(layout, cursor), word ?? at);
  if (layout.absolute) return;
  const s = layout.section;
  layout.format?.align(s, value);
  if (value > (s.align ?? (s.name === '.text' ? 1 : 4))) s.align = value;
};

/** Takes whatever stands there. */
const ignore: Directive = (_, cursor) => {
  cursor.at = cursor.end;
};

/** `cpu 8086,noevex`; flags that switch encodings on and off change nothing here. */
const cpu: Directive = (layout, cursor, at) => {
  let text = '';
  for (let t = cursor.next(); t; t = cursor.next()) text += (t.space && text !== '' ? ' ' : '') + t.text;
  for (const word of text.split(/[ ,]/)) {
    const name = word.replace(/^[-+*]+/, '');
    const level = cpuLevel(name);
    if (level === undefined) {
      if (name === '') continue;
      throw new Complaint(
        'cpu-unknown',
        `\`cpu\` does not know \`${name}\`; it takes ${CPU_NAMES.join(', ')}`,
        at,
      );
    }
    if (level >= 0) layout.cpu = level === EVERY_CPU ? undefined : level;
  }
};

/** `[float up]` and its kin; only what NASM takes. */
const float: Directive = (layout, cursor, at) => {
  const word = cursor.next();
  const { evaluator } = layout;
  switch (word?.lower) {
    case 'daz':
    case 'nodaz':
      evaluator.float = { ...evaluator.float, daz: word.lower === 'daz' };
      return;
    case 'near':
    case 'up':
    case 'down':
    case 'zero':
      evaluator.float = { ...evaluator.float, rounding: word.lower };
      return;
    case 'default':
      evaluator.float = DEFAULT_FLOAT;
      return;
    default:
      throw new Complaint(
        'float-mode',
        '`float` takes `daz`, `nodaz`, `near`, `up`, `down`, `zero` or `default`',
        word ?? at,
      );
  }
};

/** `[warning +class]`, `[warning push]` … (NASM manual 7.14). */
const warning: Directive = (layout, cursor, at) => {
  const { warnings } = layout.reporter;
  const complain = (code: string, message: string) =>
    layout.reporter.report('warning', code, message, rangeOf(at, cursor.tokens[cursor.end - 1]));
  const value = detokenise(cursor.tokens.slice(cursor.at, cursor.end)).trim();
  cursor.at = cursor.end;
  const word = value.toLowerCase();
  if (word === 'push') warnings.push();
  else if (word === 'pop') {
    if (!warnings.pop()) complain('warn-stack-empty', 'nothing to go back to: `[warning push]` is missing');
  } else if (!warnings.set(value)) complain('unknown-warning', `there is no class of warnings \`${value}\``);
};

/** `[list -]`: what follows does not appear in the listing. */
const list: Directive = (layout, cursor, at) => {
  const sign = cursor.next();
  if (!sign?.is('+') && !sign?.is('-'))
    throw new Complaint('syntax', '`[list]` takes `+` or `-`', sign ?? at);
  if (layout.listing) layout.listing.hidden = sign.is('-');
  cursor.at = cursor.end;
};

const pragma: Directive = (layout, cursor, at) => {
  runPragma(layout, cursor.tokens.slice(cursor.at, cursor.end), at);
  cursor.at = cursor.end;
};

const strucBegin: Directive = (layout, cursor, at) => {
  layout.strucs.begin(sectionName(cursor, at), layout.absolute?.value ?? 0n);
};

const strucEnd: Directive = (layout) => layout.strucs.end(layout.absolute?.value);

const DIRECTIVES: Record<string, Directive> = {
  bits,
  org,
  section,
  segment: section,
  absolute,
  default: defaults,
  global,
  static: local,
  required: extern,
  extern,
  common,
  sectalign,
  cpu,
  float,
  warning,
  list,
  map: ignore,
  debug: ignore,
  pragma,
  __struc: strucBegin,
  __endstruc: strucEnd,
};

/** The bracket that ends a directive; what follows it is ignored. */
function closing(tokens: readonly Token[]): number {
  for (let i = 1; i < tokens.length; i++) if (tokens[i].is(']')) return i;
  return -1;
}

/** Is the line a directive in brackets? */
export function isBracketed(tokens: readonly Token[]): boolean {
  return tokens[0].is('[') && closing(tokens) > 0;
}

/** Follows `[name operands]`. */
export function runDirective(layout: Layout, tokens: readonly Token[]): void {
  const end = closing(tokens);
  const cursor = new Cursor(tokens, end);
  cursor.next();
  const at = cursor.next();
  const known = at && Object.hasOwn(DIRECTIVES, at.lower) ? DIRECTIVES[at.lower] : undefined;
  const directive = layout.format && (known === org || at?.lower === 'map') ? undefined : known;
  if (!directive && at && layout.format?.directive(at.lower, cursor.tokens.slice(cursor.at, cursor.end), at))
    return;
  if (!directive)
    throw new Complaint('directive-unknown', `unknown directive \`${at?.text ?? ''}\``, at ?? tokens[0]);
  layout.mark();
  directive(layout, cursor, at!);
  const rest = cursor.peek ?? tokens[end + 1];
  if (rest) {
    const message = `\`${rest.text}\` after \`${at!.text}\` is ignored`;
    layout.reporter.report('note', 'text-ignored', message, rangeOf(rest));
  }
}
