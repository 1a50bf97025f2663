// bench/results.json: one row a figure, kept from run to run by every benchmark.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One figure. `ratio` is ours ÷ peer, in the figure's own unit. */
export interface Row {
  figure: string;
  ours: number;
  peer: number;
  ratio: number;
  unit: string;
}

/** Three digits are more than a shared machine can give. */
export const rounded = (x: number): number => Number(x.toPrecision(3));

/** A row with its ratio. */
export function row(figure: string, ours: number, peer: number, unit: string): Row {
  return { figure, ours: rounded(ours), peer: rounded(peer), ratio: rounded(ours / peer), unit };
}

/** Puts the rows into the file: a figure of the same name is replaced, others stay. */
export function record(root: string, rows: readonly Row[]): void {
  const file = join(root, 'bench/results.json');
  const old = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Row[]) : [];
  const fresh = new Set(rows.map((r) => r.figure));
  const all = [...old.filter((r) => !fresh.has(r.figure)), ...rows].sort((a, b) =>
    a.figure < b.figure ? -1 : 1,
  );
  writeFileSync(file, `[\n${all.map((r) => `  ${JSON.stringify(r)}`).join(',\n')}\n]\n`);
}

/** The middle value, and how far the values lie apart: (largest − smallest) ÷ median. */
export function median(values: readonly number[]): { value: number; spread: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const value = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { value, spread: (sorted[sorted.length - 1] - sorted[0]) / value };
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, x) => sum + Math.log(x), 0) / values.length);
}
