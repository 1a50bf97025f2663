import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assembleLab, type FileProvider } from '@hyperstep/assembler';
import { type ContextId, type ExitRecord, Machine, type StopReason } from '@hyperstep/engine';
import type { IndexedProgram } from '../sources/source-index';
import { describeStop, indexLab, sourceOf, transitionLine, walkLines } from './report';

const EX_DATAERR = 65;
const EX_SOFTWARE = 70;

/** No lab of ours runs longer; a guest that spins shall not hold up a grader. */
const LIMIT = 500_000_000;

const disk: FileProvider = {
  read: (path) => {
    try {
      return readFileSync(path);
    } catch {
      return undefined;
    }
  },
};

/**
 * Assembles and runs a lab: prints the guests' output, every VM transition with
 * its instruction count, and the walk of the first address that the VMM had to
 * map, before and after. Answers the exit code: 0 when the run is as lab.json says.
 */
export function runLab(folder: string, options: { quiet: boolean }): number {
  const lab = assembleLab(folder, disk);
  for (const { result } of lab.images) {
    for (const d of result.diagnostics)
      console.error(`${d.range.file}:${d.range.line}: ${d.severity}: ${d.message}`);
  }
  if (!lab.ok) {
    console.error(lab.message);
    return EX_DATAERR;
  }
  const { manifest, images } = lab;
  console.log(manifest.title);
  for (const { program, result } of images) {
    console.log(
      `  ${program.output.padEnd(16)} ${result.image!.length.toLocaleString('en').padStart(9)} bytes, ${result.dependencies.length} files`,
    );
  }

  const machine = new Machine({ memoryMiB: manifest.memory });
  const { error } = machine.loadMultiboot(lab.image);
  if (error !== undefined) {
    console.error(`${manifest.boot}: ${error}`);
    return EX_DATAERR;
  }
  const report = new Report(machine, indexLab(images), options.quiet);
  const started = performance.now();
  let stop: StopReason;
  do stop = machine.run({ limit: Math.min(machine.count + 1_000_000, LIMIT) });
  while (stop.kind === 'limit' && machine.count < LIMIT);
  const seconds = (performance.now() - started) / 1000;
  report.end();

  console.log(`\n${describeStop(stop)}`);
  console.log(`${machine.count.toLocaleString('en')} instructions, state ${machine.hash()}`);
  // Time is the host's; it goes to standard error, so that standard output is the same at every run.
  console.error(
    `${seconds.toFixed(2)} s, ${(machine.count / seconds / 1e6).toFixed(1)} million instructions a second`,
  );
  return verdict(folder, manifest, stop, report.serial);
}

function verdict(
  folder: string,
  manifest: { serial?: string; exitCode?: number },
  stop: StopReason,
  serial: string,
): number {
  let good = stop.kind === 'exit';
  if (manifest.exitCode !== undefined && stop.kind === 'exit' && stop.code !== manifest.exitCode) {
    console.error(`expected exit code ${manifest.exitCode}, got ${stop.code}`);
    good = false;
  }
  if (manifest.serial !== undefined) {
    const path = join(folder, manifest.serial);
    const expected = disk.read(path);
    if (!expected) {
      console.error(`${path}: no such file; lab.json names it in "serial"`);
      return EX_DATAERR;
    }
    const difference = firstDifference(linesOf(Buffer.from(expected).toString('latin1')), linesOf(serial));
    if (difference !== undefined) {
      console.error(`the serial output differs from ${manifest.serial}, ${difference}`);
      good = false;
    }
  }
  return good ? 0 : EX_SOFTWARE;
}

function linesOf(text: string): string[] {
  return text.replaceAll('\r', '').trimEnd().split('\n');
}

/** Where two texts part, for the person who has to mend it; undefined when they are equal. */
function firstDifference(expected: readonly string[], printed: readonly string[]): string | undefined {
  const count = Math.max(expected.length, printed.length);
  for (let i = 0; i < count; i++) {
    if (expected[i] === printed[i]) continue;
    const show = (line: string | undefined) => (line === undefined ? 'nothing more' : `"${line}"`);
    return `line ${i + 1}: expected ${show(expected[i])}, printed ${show(printed[i])}`;
  }
  return undefined;
}

/** Prints what happens as it happens. */
class Report {
  serial = '';
  private line = '';
  /** The linear address of the first EPT violation, walked again after the VMM has dealt with it. */
  private mapped: { context: ContextId; linear: bigint } | undefined;
  private walks: string[] = [];

  constructor(
    private readonly machine: Machine,
    private readonly programs: readonly IndexedProgram[],
    quiet: boolean,
  ) {
    machine.serial.onTransmit = (byte) => this.transmit(byte);
    machine.observe.transition = (record) => {
      if (!quiet) this.transition(record);
      this.watch(record);
      return false;
    };
  }

  private transmit(byte: number): void {
    const text = String.fromCharCode(byte);
    this.serial += text;
    if (text === '\n') this.flush();
    else if (text !== '\r') this.line += text;
  }

  private flush(): void {
    console.log(`COM1 │ ${this.line}`);
    this.line = '';
  }

  private name(id: ContextId): string {
    return this.machine.contexts().find((c) => c.id === id)?.name ?? id;
  }

  private transition(record: ExitRecord): void {
    const guest = record.kind === 'exit' ? record.from : record.to;
    console.log(
      transitionLine(record, (id) => this.name(id), sourceOf(this.programs, guest, record.guestRip)),
    );
  }

  /** Walks the address of the first EPT violation at the exit and at the next entry. */
  private watch(record: ExitRecord): void {
    if (!this.mapped && record.kind === 'exit' && record.reason === 48 && record.guestLinear !== undefined) {
      this.mapped = { context: record.from, linear: record.guestLinear };
      this.walk('as the guest met it');
    } else if (
      this.mapped &&
      this.walks.length === 1 &&
      record.kind === 'entry' &&
      record.to === this.mapped.context
    ) {
      this.walk('after the VMM has mapped the page');
    }
  }

  private walk(when: string): void {
    const { context, linear } = this.mapped!;
    const { steps, result } = this.machine.walk(linear, 'read', context);
    this.walks.push(
      walkLines(`\nGLA 0x${linear.toString(16)} of ${this.name(context)}, ${when}:`, steps, result).join(
        '\n',
      ),
    );
  }

  end(): void {
    if (this.line !== '') this.flush();
    for (const walk of this.walks) console.log(walk);
  }
}
