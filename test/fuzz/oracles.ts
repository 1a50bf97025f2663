/** Two ways to the same answer: what an input has to give whichever way it goes. */
import assert from 'node:assert/strict';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { Position } from 'vscode-languageserver';
import {
  type AssembleOptions,
  type AssembleResult,
  type assemble,
  assembleDraft,
  assembleInSteps,
  type Diagnostic,
  readSource,
  type SourceMap,
} from '../../assembler/src';
import { formatDocument } from '../../server/src/features/formatting';
import { Refusal, rename } from '../../server/src/features/rename';
import { uriOf } from '../../server/src/locations';
import { applied, fixture } from '../../server/src/testing';
import type { Random } from './random';

/** Assembles, and watches how long it takes. */
export type Assembler = typeof assemble;

/** Codes of what only the first pass of a whole assembly says. */
const CRITICAL = new Set(['symbol-undefined', 'critical-expression']);
/** Codes of what stops an assembly where it happens to be. */
const STOPS = new Set(['limit', 'layout-unstable', 'internal']);

const told = ({ diagnostics }: AssembleResult) =>
  diagnostics.map(({ severity, code, message, range, related }) =>
    JSON.stringify([severity, code, message, range, related]),
  );
const stopped = (result: AssembleResult) => result.diagnostics.some((d) => STOPS.has(d.code));

/** Like `deepEqual`, whose way of showing differences takes long for long lists. */
function equal(a: unknown, b: unknown, what: string): void {
  if (isDeepStrictEqual(a, b)) return;
  const text = (value: unknown) => inspect(value, { depth: 8, maxArrayLength: 2000 }).split('\n');
  const [left, right] = [text(a), text(b)];
  const at = left.findIndex((line, i) => line !== right[i]);
  assert.fail(`${what}\n  ${left[at]}\n  ${right[at]}`);
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined, what: string): void {
  assert.equal(a === undefined, b === undefined, `${what}: one has an image`);
  if (a && b && Buffer.compare(a, b) !== 0) assert.fail(`${what}: other bytes`);
}

/** A map without the places of symbols (one that is defined twice has either) and files that only `%line` names. */
const placeless = ({ symbols, lines, strucs, sections }: SourceMap) => ({
  lines,
  strucs,
  sections,
  symbols: symbols.map(({ name, kind, value, section }) => ({ name, kind, value, section })),
});

function same(a: AssembleResult, b: AssembleResult, what: string): void {
  if (stopped(a) || stopped(b)) return;
  equal(told(a), told(b), `${what}: other diagnostics`);
  sameBytes(a.image, b.image, what);
  // What errors leave behind goes as far as it can.
  if (a.image) equal(placeless(a.map), placeless(b.map), `${what}: another map`);
}

/** Rounds of repair. */
const REPAIRS = 4;

/** The source without the lines that something is said about: what only happens to sound programs happens, too. */
export function repaired(
  assemble: Assembler,
  source: string,
  options: (source: string) => AssembleOptions,
): string {
  let text = source;
  for (let round = 0; round < REPAIRS; round++) {
    const { main, ...rest } = options(text);
    const { diagnostics } = assemble({ main, ...rest });
    if (diagnostics.length === 0) break;
    const bad = new Set<number>();
    for (const { range, related } of diagnostics)
      for (const { file, line } of [range, ...related.map((r) => r.range)]) if (file === main) bad.add(line);
    text = text
      .split('\n')
      .filter((_, i) => !bad.has(i + 1))
      .join('\n');
  }
  return text;
}

/** The recording, its replay, known lines and known operands change nothing. */
export function sameByTheLongWay(assemble: Assembler, options: AssembleOptions): void {
  same(assemble(options), assemble({ ...options, trace: () => {} }), 'the long way');
}

/** Objects and listings do not depend on each other, nor on debugging information. */
export function sameBesides(assemble: Assembler, options: AssembleOptions): void {
  const alone = assemble(options);
  const listed = assemble({ ...options, listing: true });
  same(alone, listed, 'with a listing');
  same(alone, assemble({ ...options, listing: true, trace: () => {} }), 'with a listing the long way');
}

/** Tokens that an editor keeps may be assembled again, also after an assembly that was given up, and drafted. */
export function sameAgain(
  assemble: Assembler,
  options: AssembleOptions,
  bytes: Uint8Array,
  random: Random,
): void {
  const source = readSource(options.main, 0, bytes);
  const kept: AssembleOptions = {
    ...options,
    sources: (path) => (path === options.main ? source : undefined),
  };
  const first = assemble(options);
  const steps = assembleInSteps(kept);
  for (let n = random.below(4); n > 0 && !steps.next().done; n--);
  steps.return(undefined as never);
  let left = 1 + random.below(1000);
  const cut = assemble({ ...kept, cancelled: () => --left <= 0 });
  if (left > 0) same(first, cut, 'asked whether to go on');
  const again = assemble(kept);
  same(first, again, 'the same tokens');
  if (stopped(again)) return;
  const draft = assembleDraft(kept, again);
  // A draft knows all symbols from the beginning.
  const draftable = (list: readonly Diagnostic[]) =>
    list.filter((d) => !CRITICAL.has(d.code)).map((d) => JSON.stringify([d.code, d.message, d.range]));
  if (draft && !stopped(draft) && !again.diagnostics.some((d) => CRITICAL.has(d.code))) {
    equal(draftable(draft.diagnostics), draftable(first.diagnostics), 'a draft of the same text');
    equal(placeless(draft.map).symbols, placeless(first.map).symbols, 'symbols of a draft');
  }
  same(first, assemble(kept), 'after a draft');
}

/** Bytes of a text in the language server. */
function imageOf(text: string, others: Readonly<Record<string, string>>): Uint8Array | undefined {
  const { workspace, path } = fixture({ 'main.asm': text.replaceAll('|', '||'), ...others });
  return workspace.programsOf(path)[0]?.result.image;
}

/** Formatting changes no bytes and has nothing to do a second time. */
export function formatsOnce(text: string, others: Readonly<Record<string, string>>): void {
  const open = (source: string) => fixture({ 'main.asm': source.replaceAll('|', '||'), ...others });
  const { workspace, path } = open(text);
  const formatted = applied(text, formatDocument(workspace, path));
  sameBytes(imageOf(text, others), imageOf(formatted, others), 'formatted');
  const second = open(formatted);
  equal(formatDocument(second.workspace, second.path), [], 'formatted twice');
}

/** Renaming what stands at a place changes no bytes; true when it could be renamed. */
export function renames(text: string, others: Readonly<Record<string, string>>, place: Position): boolean {
  const { workspace, path } = fixture({ 'main.asm': text.replaceAll('|', '||'), ...others });
  let changes: ReturnType<typeof rename>['changes'];
  try {
    changes = rename(workspace, path, place, 'fresh_name').changes ?? {};
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
  const after: Record<string, string> = {};
  for (const [name, old] of Object.entries({ 'main.asm': text, ...others }))
    after[name] = applied(old, changes[uriOf(`/w/${name}`)] ?? []).replaceAll('|', '||');
  const { 'main.asm': main, ...rest } = after;
  const before = imageOf(text, others);
  if (before) sameBytes(before, imageOf(main.replaceAll('||', '|'), rest), 'renamed');
  return true;
}
