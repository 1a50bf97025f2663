import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Lines a second of `hyperstep-asm` and of NASM on generated files of 100,000
// lines, both as whole processes: median of three of wall-clock and of
// processor time. Goal: at least NASM's speed; printed, not asserted.

const LINES = 100_000;
const RUNS = 3;
const program = join(process.cwd(), 'dist/asm.js');

/** Repeatable numbers. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const registers = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'r8', 'r9', 'r12', 'r15'];

/** Ordinary code: functions with local labels and jumps, macros, data, comments. */
function ordinary(lines: number): string {
  const next = random(1);
  const reg = () => registers[next(registers.length)];
  const out = [
    'bits 64',
    'default rel',
    '%define FRAME 32',
    '%macro store 2',
    '  mov [rsp+%1], %2',
    '%endmacro',
  ];
  const body = [
    () => `    mov ${reg()}, ${reg()}`,
    () => `    mov ${reg()}, [${reg()}+${next(64) * 8}]   ; a field`,
    () => `    add ${reg()}, ${next(4000)}`,
    () => `    lea ${reg()}, [${reg()}+${reg()}*8-${next(300)}]`,
    () => `    mov dword [rbp-${8 + next(100)}], 0x${next(65536).toString(16)}`,
    () => `    store ${next(32)}, ${reg()}`,
    () => `    test ${reg()}, ${reg()}`,
    () => '',
    () => '    ; what the next lines are for',
    () => `    sub rsp, FRAME+${next(8) * 8}`,
    () => `    movdqu xmm${next(16)}, [${reg()}]`,
    () => `    mov rdi, [table${next(50)}]`,
    () => `    cmp byte [${reg()}], '${String.fromCharCode(97 + next(26))}'`,
  ];
  for (let f = 0; out.length < lines - 60; f++) {
    out.push('', `; function ${f}`, `function${f}:`, '    push rbp', '    mov rbp, rsp');
    for (let block = 0; block < 4; block++) {
      out.push(`.block${block}:`);
      for (let i = 0; i < 5; i++) out.push(body[next(body.length)]());
      out.push(block < 3 ? `    jne .block${block + 1 + next(3 - block)}` : '    jz .block1');
      if (f > 0) out.push(`    call function${Math.max(0, f - next(20))}`);
    }
    out.push('    leave', '    ret', `.text: db "message ${f}", 13, 10, 0`);
  }
  for (let i = 0; i < 50; i++) out.push(`table${i}: dq function${i}, ${i}`);
  return `${out.join('\n')}\n`;
}

/** Tables: data, symbols and arithmetic. */
function data(lines: number): string {
  const next = random(2);
  const out = ['bits 32', 'BASE equ 0x1000'];
  for (let i = 0; out.length < lines; i++) {
    out.push(
      `entry${i}: dd entry${Math.max(0, i - next(9))}, BASE+${i}*4, ${next(1e9)}`,
      `  db ${next(256)}, "name${i}", 0`,
      `SIZE${i} equ $-entry${i}`,
      `  dw SIZE${i}, ${next(65536)}, 0${next(4096).toString(16)}h`,
    );
  }
  return `${out.join('\n')}\n`;
}

/** Everything through macros: conditions, loops, assignments. */
function macros(lines: number): string {
  const out = [
    'bits 64',
    '%assign count 0',
    '%macro item 1-*',
    '%rep %0',
    ' %if %1 > 5',
    '  dd %1*2',
    ' %else',
  ];
  out.push('  dd %1', ' %endif', ' %rotate 1', '%endrep', '%assign count count+1', '%%end:', '%endmacro');
  for (let i = 0; out.length < lines / 10; i++) out.push(`  item ${i % 9}, ${i % 7}`);
  return `${out.join('\n')}\n`;
}

interface Times {
  wall: number;
  cpu: number;
}

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

function measure(command: string): Times {
  const runs: Times[] = [];
  for (let i = 0; i < RUNS; i++) {
    const script = `TIMEFORMAT='%R %U %S'; time ${command}`;
    const run = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`${command}: ${run.stderr}`);
    const [wall, user, system] = run.stderr.trim().split('\n').pop()!.split(' ').map(Number);
    runs.push({ wall, cpu: user + system });
  }
  return { wall: median(runs.map((r) => r.wall)), cpu: median(runs.map((r) => r.cpu)) };
}

function show(name: string, what: string, lines: number, t: Times): void {
  const rate = Math.round(lines / t.wall).toLocaleString('en');
  console.log(
    `assembler: ${what}: ${name} ${t.wall.toFixed(2)} s, ${t.cpu.toFixed(2)} s CPU, ${rate} lines a second`,
  );
}

spawnSync(process.execPath, ['scripts/build.mjs', 'asm'], { stdio: 'inherit' });
const scratch = mkdtempSync(join(tmpdir(), 'hyperstep-bench-'));
const hasNasm = spawnSync('nasm', ['-v']).status === 0;
if (!hasNasm) console.log('assembler: nasm is not installed: nothing to compare with');
try {
  const cases: [string, string, string][] = [
    ['ordinary code', ordinary(LINES), 'bin'],
    ['ordinary code to ELF64 with -g', ordinary(LINES), 'elf64 -g'],
    ['tables', data(LINES), 'bin'],
    ['macros', macros(LINES), 'bin'],
  ];
  for (const [what, source, format] of cases) {
    const input = join(scratch, 'input.asm');
    const output = join(scratch, 'output');
    const theirs = join(scratch, 'nasm-output');
    writeFileSync(input, source);
    const lines = source.split('\n').length - 1;
    const ours = measure(`"${process.execPath}" "${program}" -f ${format} -o "${output}" "${input}"`);
    show('hyperstep-asm', what, lines, ours);
    if (!hasNasm) continue;
    const nasm = measure(`nasm -f ${format} -o "${theirs}" "${input}"`);
    show('nasm', what, lines, nasm);
    const same = existsSync(theirs) && readFileSync(theirs).equals(readFileSync(output));
    const ratio = (a: number, b: number) => (a / b).toFixed(2);
    const equal = format === 'bin' ? `, output ${same ? 'equal' : 'NOT EQUAL'}` : '';
    console.log(
      `assembler: ${what}: ${ratio(nasm.wall, ours.wall)} times NASM's speed by the clock, ${ratio(nasm.cpu, ours.cpu)} by CPU time${equal}`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
