import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from '@hyperstep/assembler';
import { jumpyProgram, mixedProgram, type Program } from './assembler/source';

// Source lines a second, beside NASM's where it is installed; both give the same bytes.
// Goal: at least as many as NASM on 100,000 lines. CPU time, printed, not asserted.

const RUNS = 3;

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

const encoder = new TextEncoder();

/** Seconds of CPU time that one assembly takes in this process. */
function ours(program: Program): { seconds: number; image: Uint8Array } {
  const files = new Map([...program.files].map(([name, text]) => [`/${name}`, encoder.encode(text)]));
  const started = process.cpuUsage();
  const { image, diagnostics } = assemble({ main: '/main.asm', files: { read: (path) => files.get(path) } });
  const { user, system } = process.cpuUsage(started);
  const wrong = diagnostics.find((d) => d.severity === 'error');
  if (!image) throw new Error(`${wrong?.range.file}:${wrong?.range.line}: ${wrong?.message}`);
  return { seconds: (user + system) / 1e6, image };
}

/** The same of one run of NASM; undefined without NASM. */
function nasm(folder: string): { seconds: number; image: Uint8Array } | undefined {
  const script = 'times=$( { time -p nasm -w-all -f bin -o main.bin main.asm; } 2>&1 ) && echo "$times"';
  const run = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
  if (run.status !== 0) return undefined;
  const of = (name: string) => Number(new RegExp(`${name} ([\\d.]+)`).exec(run.stdout)?.[1]);
  return { seconds: of('user') + of('sys'), image: readFileSync(join(folder, 'main.bin')) };
}

function compare(name: string, program: Program): void {
  const folder = mkdtempSync(join(tmpdir(), 'hyperstep-bench-'));
  try {
    for (const [file, text] of program.files) writeFileSync(join(folder, file), text);
    const first = ours(program);
    const own: number[] = [];
    const theirs: number[] = [];
    for (let i = 0; i < RUNS; i++) own.push(ours(program).seconds);
    for (let i = 0; i < RUNS; i++) {
      const run = nasm(folder);
      if (!run) break;
      if (Buffer.compare(run.image, first.image) !== 0) throw new Error(`${name}: NASM gives other bytes`);
      theirs.push(run.seconds);
    }
    const rate = (seconds: number) =>
      `${seconds.toFixed(3)} s, ${(program.lines / seconds / 1e3).toFixed(0)} thousand lines a second`;
    console.log(`${name}: ${program.lines} lines`);
    console.log(`  first run  ${rate(first.seconds)}`);
    console.log(`  again      ${rate(median(own))} (median of ${RUNS})`);
    console.log(theirs.length > 0 ? `  NASM       ${rate(median(theirs))}` : '  NASM is not installed');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

compare('mixed', mixedProgram(100_000));
compare('jumps', jumpyProgram(100_000));
