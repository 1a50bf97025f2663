/** `%pragma facility operation …` (NASM manual 4.12 and 7.15): little of it does anything, all of it is taken. */
import { rangeOf } from '../diagnostics';
import { LIMIT_NAMES, readLimit } from '../limits';
import { detokenise, type Token } from '../text/token';
import type { Layout } from './layout';

/** Facilities without any operation. */
const EMPTY: ReadonlySet<string> = new Set(['asm', 'file', 'input', 'preproc', 'debug']);

/** Operations of `output` and of the output format: texts around the names in the symbol table. */
const AFFIXES = {
  prefix: 'prefix',
  gprefix: 'prefix',
  suffix: 'postfix',
  gsuffix: 'postfix',
  lprefix: 'localPrefix',
  lsuffix: 'localPostfix',
} as const;

/** Splits off the first word: tokens without white space between them. */
function word(tokens: readonly Token[]): { text: string; rest: readonly Token[] } {
  let end = Math.min(1, tokens.length);
  while (end < tokens.length && !tokens[end].space) end++;
  return { text: detokenise(tokens.slice(0, end)), rest: tokens.slice(end) };
}

/** Does what the tokens behind `%pragma` or `[pragma` say. */
export function runPragma(layout: Layout, tokens: readonly Token[], at: Token): void {
  const warn = (code: string, message: string): void =>
    layout.reporter.report('warning', code, message, rangeOf(at, tokens[tokens.length - 1] ?? at));
  const { text, rest } = word(tokens);
  const facility = text.toLowerCase();
  const { text: operation, rest: operands } = word(rest);
  const unknown = (): void => {
    if (operation === '') warn('pragma-bad', `\`%pragma ${facility}\` says nothing`);
    else warn('pragma-unknown', `\`%pragma ${facility}\` knows no \`${operation}\``);
  };
  if (facility === '') warn('pragma-empty', 'an empty `%pragma`');
  else if (facility === 'limit') setLimit(layout, operation, detokenise(operands), warn);
  else if (facility === 'list') {
    if (operation.toLowerCase() !== 'options') unknown();
  } else if (EMPTY.has(facility) || facility === (layout.format ? 'dwarf' : 'null')) unknown();
  else if (isOutput(layout, facility)) {
    const key = operation.toLowerCase();
    if (!Object.hasOwn(AFFIXES, key)) unknown();
    else layout.affixes[AFFIXES[key as keyof typeof AFFIXES]] ??= detokenise(operands);
  }
}

function isOutput({ format }: Layout, facility: string): boolean {
  if (facility === 'output') return true;
  return format ? facility === 'elf' || facility === format.name : facility === 'bin';
}

function setLimit(
  layout: Layout,
  name: string,
  text: string,
  warn: (code: string, message: string) => void,
): void {
  const key = name.toLowerCase();
  const value = readLimit(text);
  if (!LIMIT_NAMES.has(key)) warn('pragma-unknown', `there is no limit \`${name}\``);
  else if (value === undefined) warn('pragma-bad', `\`${text}\` is no limit`);
  else layout.limits.set(key, value);
}
