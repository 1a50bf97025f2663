import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from '@hyperstep/assembler';
import { sources } from './assembler/source';
import { type Row, record, row } from './harness/results';

// Lines a second of `hyperstep-asm` and of NASM on generated files of 100,000
// lines, both as whole processes, from start to end: median of three of
// wall-clock and of processor time, and the memory they take. Then once more
// without a start: what an editor or a debugger waits for, whose process has
// assembled before. Goal: at least NASM's speed; printed and kept in
// bench/results.json, not asserted.

const LINES = 100_000;
const RUNS = 3;
const program = join(process.cwd(), 'dist/asm.js');

interface Times {
  wall: number;
  cpu: number;
  /** Largest resident set, MiB; NaN where GNU time is not installed. */
  memory: number;
}

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

function measure(command: string): Times {
  const runs: { wall: number; cpu: number }[] = [];
  for (let i = 0; i < RUNS; i++) {
    const script = `TIMEFORMAT='%R %U %S'; time ${command}`;
    const run = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`${command}: ${run.stderr}`);
    const [wall, user, system] = run.stderr.trim().split('\n').pop()!.split(' ').map(Number);
    runs.push({ wall, cpu: user + system });
  }
  const time = spawnSync('/usr/bin/time', ['-f', '%M', 'bash', '-c', command], { encoding: 'utf8' });
  const memory = time.status === 0 ? Number(time.stderr.trim().split('\n').pop()) / 1024 : Number.NaN;
  return { wall: median(runs.map((r) => r.wall)), cpu: median(runs.map((r) => r.cpu)), memory };
}

/** Seconds of one assembly where V8 has compiled everything already. */
function warm(source: string): number {
  const data = new TextEncoder().encode(source);
  const seconds: number[] = [];
  for (let i = 0; i < 4; i++) {
    const start = performance.now();
    const { image } = assemble({
      main: '/a.asm',
      files: { read: (p) => (p === '/a.asm' ? data : undefined) },
    });
    if (!image) throw new Error('the source has errors');
    seconds.push((performance.now() - start) / 1000);
  }
  return Math.min(...seconds.slice(1));
}

function show(name: string, what: string, lines: number, t: Times): void {
  const rate = Math.round(lines / t.wall).toLocaleString('en');
  console.log(
    `assembler: ${what}: ${name} ${t.wall.toFixed(2)} s, ${t.cpu.toFixed(2)} s CPU, ${t.memory.toFixed(0)} MiB, ${rate} lines a second`,
  );
}

spawnSync(process.execPath, ['scripts/build.mjs', 'asm'], { stdio: 'inherit' });
const scratch = mkdtempSync(join(tmpdir(), 'hyperstep-bench-'));
const hasNasm = spawnSync('nasm', ['-v']).status === 0;
if (!hasNasm) console.log('assembler: nasm is not installed: nothing to compare with');
const rows: Row[] = [];
try {
  for (const { title: what, text: source, options } of sources(LINES)) {
    const input = join(scratch, 'input.asm');
    const output = join(scratch, 'output');
    const theirs = join(scratch, 'nasm-output');
    writeFileSync(input, source);
    const lines = source.split('\n').length - 1;
    const ours = measure(`"${process.execPath}" "${program}" ${options} -o "${output}" "${input}"`);
    show('hyperstep-asm', what, lines, ours);
    if (!hasNasm) continue;
    const nasm = measure(`nasm ${options} -o "${theirs}" "${input}"`);
    show('nasm', what, lines, nasm);
    const rate = (seconds: number) => lines / seconds / 1000;
    rows.push(row(`assembler: ${what}, NASM`, rate(ours.wall), rate(nasm.wall), '1000 lines/s'));
    rows.push(row(`assembler: ${what}, CPU, NASM`, rate(ours.cpu), rate(nasm.cpu), '1000 lines/s of CPU'));
    const same = existsSync(theirs) && readFileSync(theirs).equals(readFileSync(output));
    const ratio = (a: number, b: number) => (a / b).toFixed(2);
    const equal = options === '-f bin' ? `, output ${same ? 'equal' : 'NOT EQUAL'}` : '';
    console.log(
      `assembler: ${what}: ${ratio(nasm.wall, ours.wall)} times NASM's speed by the clock, ${ratio(nasm.cpu, ours.cpu)} by CPU time${equal}`,
    );
    if (options !== '-f bin') continue;
    const seconds = warm(source);
    rows.push(row(`assembler: ${what}, warm, NASM`, rate(seconds), rate(nasm.wall), '1000 lines/s'));
    console.log(
      `assembler: ${what}: warm ${seconds.toFixed(2)} s, ${ratio(nasm.wall, seconds)} times NASM's speed`,
    );
  }
  record(process.cwd(), rows);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
