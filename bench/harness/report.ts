// From measured times to figures: the table on the terminal and the rows of results.json.
import type { Engine } from './engines';
import type { Bits } from './guests';
import { key, type Measured, type Outcome } from './measure';
import { geometricMean, type Row, row } from './results';
import type { Workload } from './workloads';

/** What a report is made from. */
export interface Material {
  outcome: Outcome;
  engines: readonly Engine[];
  bits: readonly Bits[];
  workloads: readonly Workload[];
  instructions: Record<Bits, Map<string, number>>;
}

const UNITS = { compute: 'MIPS', event: 'µs', bandwidth: 'MiB/s' } as const;

/** Prints the tables and gives the rows; a figure whose checksums disagree is refused. */
export function report(material: Material, print: (line: string) => void): Row[] {
  const rows: Row[] = [];
  for (const bits of material.bits) {
    const engines = material.engines.filter((e) => e.bits.includes(bits));
    const lines: string[][] = [];
    const rates = new Map<string, Map<string, number>>(engines.map((e) => [e.id, new Map()]));
    const notes: string[] = [];
    for (const workload of material.workloads) {
      if ((workload.bits ?? bits) !== bits) continue;
      const refused = disagreement(material, engines, bits, workload);
      if (refused !== undefined) {
        notes.push(`REFUSED ${workload.name}: ${refused}`);
        continue;
      }
      const cells = engines.map((engine) => {
        const measured = material.outcome.measured.get(key(engine.id, bits, workload.name));
        const value = measured && figure(material, bits, workload, measured);
        if (value === undefined) {
          const why = material.outcome.absent.get(key(engine.id, bits, workload.name));
          if (why !== undefined) notes.push(`${workload.name}, ${engine.title}: ${why}`);
          return '-';
        }
        rates.get(engine.id)!.set(workload.name, value);
        return `${short(value)} ±${Math.round(measured!.spread * 50)}% (${short(wallFigure(value, measured!, workload))})`;
      });
      lines.push([workload.title, UNITS[workload.kind], ...cells]);
      for (const peer of engines.slice(1)) {
        const ours = rates.get(engines[0].id)!.get(workload.name);
        const theirs = rates.get(peer.id)!.get(workload.name);
        if (ours === undefined || theirs === undefined) continue;
        rows.push(row(`${workload.title}, ${bits}-bit, ${peer.title}`, ours, theirs, UNITS[workload.kind]));
      }
    }
    const compute = material.workloads.filter((w) => w.kind === 'compute').map((w) => w.name);
    const cells: string[] = [];
    for (const engine of engines) {
      const mine = rates.get(engine.id)!;
      const measured = compute.filter((name) => mine.has(name));
      cells.push(measured.length > 0 ? short(geometricMean(measured.map((n) => mine.get(n)!))) : '-');
      const first = rates.get(engines[0].id)!;
      const both = measured.filter((name) => first.has(name));
      if (engine === engines[0] || both.length < 2) continue;
      const [ours, theirs] = [first, mine].map((r) => geometricMean(both.map((n) => r.get(n)!)));
      rows.push(
        row(
          `geometric mean of ${both.length} compute workloads, ${bits}-bit, ${engine.title}`,
          ours,
          theirs,
          'MIPS',
        ),
      );
    }
    const computed = lines.filter((line) => line[1] === 'MIPS').length;
    if (computed > 1) lines.splice(computed, 0, ['geometric mean', 'MIPS', ...cells]);
    lines.push([
      'start-up, wall',
      's',
      ...engines.map((e) => short(material.outcome.startUp.get(key(e.id, bits, '')) ?? Number.NaN)),
    ]);
    print(`\n${bits}-bit: processor time of the busiest thread ± half the spread (by the clock)`);
    for (const line of table([['', '', ...engines.map((e) => e.title)], ...lines])) print(line);
    for (const note of notes) print(`  ${note}`);
  }
  return rows;
}

/** Undefined where all engines that have a checksum have the same one. */
function disagreement(
  material: Material,
  engines: readonly Engine[],
  bits: Bits,
  workload: Workload,
): string | undefined {
  const said = engines
    .map((e) => ({
      title: e.title,
      checksum: material.outcome.measured.get(key(e.id, bits, workload.name))?.checksum,
    }))
    .filter((s) => s.checksum !== undefined);
  if (new Set(said.map((s) => s.checksum)).size <= 1) return undefined;
  return `checksums disagree: ${said.map((s) => `${s.title} ${s.checksum}`).join(', ')}`;
}

/** In the workload's unit; undefined: instructions are not known. */
function figure(material: Material, bits: Bits, workload: Workload, { cpu }: Measured): number | undefined {
  if (workload.kind === 'event') return cpu * 1e6;
  if (workload.kind === 'bandwidth') return workload.bytes! / cpu / (1 << 20);
  const each = material.instructions[bits].get(workload.name);
  return each === undefined ? undefined : each / cpu / 1e6;
}

function wallFigure(value: number, { cpu, wall }: Measured, workload: Workload): number {
  return workload.kind === 'event' ? (value * wall) / cpu : (value * cpu) / wall;
}

function short(x: number): string {
  if (Number.isNaN(x)) return '-';
  return x >= 100 ? x.toFixed(0) : x.toPrecision(x < 0.1 ? 2 : 3);
}

function table(lines: string[][]): string[] {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) =>
    line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  );
}
