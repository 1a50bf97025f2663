import type { LineEntry } from '@hyperstep/assembler';
import type { IndexedProgram, SourceIndex } from '../sources/source-index';

/** Where a line breakpoint really stands: its line and every address at which that line begins. */
export interface ResolvedLine {
  line: number;
  /** True when the line is inside a macro's body. */
  inMacro: boolean;
  addresses: { program: IndexedProgram; address: bigint }[];
}

/**
 * Finds the code of a line, or of the next line that has any. A line has one
 * address for every stretch of consecutive code it made: a line of a macro's
 * body has one for each call, a line in `%rep` one for each round, a line of a
 * shared include file one for each program.
 */
export function resolveLine(index: SourceIndex, path: string, line: number): ResolvedLine | undefined {
  let best: ResolvedLine | undefined;
  for (const program of index.programs) {
    const file = program.fileIndex(path);
    if (file === undefined) continue;
    const found = codeLines(program, file);
    const next = nextKey(found, line);
    if (next === undefined) continue;
    const { addresses, inMacro } = found.get(next)!;
    const here = addresses.map((address) => ({ program, address }));
    if (!best || next < best.line) best = { line: next, inMacro, addresses: here };
    else if (next === best.line) best.addresses.push(...here);
  }
  return best;
}

/** Every line between `from` and `to` that has code, for `breakpointLocations`. */
export function linesWithCode(index: SourceIndex, path: string, from: number, to: number): number[] {
  const lines = new Set<number>();
  for (const program of index.programs) {
    const file = program.fileIndex(path);
    if (file === undefined) continue;
    for (const line of codeLines(program, file).keys()) if (line >= from && line <= to) lines.add(line);
  }
  return [...lines].sort((a, b) => a - b);
}

type CodeLines = Map<number, { addresses: bigint[]; inMacro: boolean }>;

const cache = new WeakMap<IndexedProgram, Map<number, CodeLines>>();

function codeLines(program: IndexedProgram, file: number): CodeLines {
  let files = cache.get(program);
  if (!files) cache.set(program, (files = new Map()));
  let lines = files.get(file);
  if (!lines) files.set(file, (lines = collect(program, file)));
  return lines;
}

function collect(program: IndexedProgram, file: number): CodeLines {
  const result: CodeLines = new Map();
  /** Line → the stretch it made last, so that only a stretch's first address counts. */
  const stretches = new Map<number, { end: bigint; outer: number }>();
  const add = (line: number, entry: LineEntry, inMacro: boolean) => {
    const before = stretches.get(line);
    stretches.set(line, { end: entry.address + BigInt(entry.length), outer: entry.line });
    if (before?.end === entry.address && before.outer === entry.line) return;
    const known = result.get(line);
    if (known) known.addresses.push(entry.address);
    else result.set(line, { addresses: [entry.address], inMacro });
  };
  for (const entry of program.program.map.lines) {
    if (!entry.code) continue;
    const inner = entry.expansion?.filter((e) => e.file === file) ?? [];
    for (const line of new Set(inner.map((e) => e.line))) add(line, entry, true);
    if (entry.file === file && !inner.some((e) => e.line === entry.line)) add(entry.line, entry, false);
  }
  return result;
}

function nextKey(lines: CodeLines, from: number): number | undefined {
  if (lines.has(from)) return from;
  let best: number | undefined;
  for (const line of lines.keys()) if (line > from && (best === undefined || line < best)) best = line;
  return best;
}
