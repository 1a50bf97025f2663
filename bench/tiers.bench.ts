import { assemble } from '@hyperstep/assembler';
import { Machine, type MachineConfig } from '@hyperstep/engine';

// What each mechanism of the fast tier costs (docs/fast-tier.md). Figures are CPU
// time and printed, not asserted.

const HEADER = `
                org     0x100000
                bits    32
header:         dd      0x1badb002, 1 << 16, -(0x1badb002 + (1 << 16))
                dd      header, 0x100000, 0, 0, start
start:          mov     esp, 0x80000
`;

const END = `
                xor     eax, eax
                out     0xf4, al
                hlt
`;

interface Run {
  microseconds: number;
  instructions: number;
  counts: Machine['tierCounts'];
}

function run(body: string, config: MachineConfig = {}, prepare?: (machine: Machine) => void): Run {
  const text = new TextEncoder().encode(HEADER + body);
  const { image, diagnostics } = assemble({ main: '/b.asm', files: { read: () => text } });
  if (!image) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const machine = new Machine({ memoryMiB: 32, ...config });
  machine.loadMultiboot(image);
  prepare?.(machine);
  const started = process.cpuUsage();
  while (machine.run({ limit: Number.POSITIVE_INFINITY }).kind === 'limit');
  const { user, system } = process.cpuUsage(started);
  return { microseconds: user + system, instructions: machine.count, counts: machine.tierCounts };
}

/** A loop of `count` turns around a body; EDI is free. */
const loop = (count: number, turn: string, after = ''): string => `
                mov     edi, ${count}
                align   64
again:
${turn}
                dec     edi
                jnz     again
${END}
${after}`;

const best = (once: () => number): number => Math.min(once(), once(), once());

/** Nanoseconds a turn of a body: long minus short run, so that starting the machine does not count. */
function turn(count: number, body: string, after?: string): number {
  const nanoseconds = (n: number) => best(() => run(loop(n, body, after)).microseconds) * 1000;
  return (nanoseconds(count) - nanoseconds(count / 10)) / (count * 0.9);
}

function cost(
  name: string,
  count: number,
  body: string,
  options: { after?: string; empty?: string } = {},
): void {
  const each = turn(count, body, options.after) - turn(count, options.empty ?? '', options.after);
  console.log(`${name.padEnd(58)} ${each.toFixed(1).padStart(9)} ns`);
}

const MIX = 'add eax, edi\nxor edx, eax\nrol edx, 5\nlea ecx, [eax + edx * 2]\nsub eax, ecx';
for (const [tier, count] of [
  ['evaluator', 200_000],
  ['interpreter', 2_000_000],
  ['regions', 200_000_000],
] as const) {
  const rate =
    1 /
    best(() => {
      const { instructions, microseconds } = run(loop(count, MIX), { tier });
      return microseconds / instructions;
    });
  console.log(`${`${tier}: arithmetic loop`.padEnd(58)} ${rate.toFixed(0).padStart(9)} MIPS`);
}

cost('load that hits the soft TLB', 50_000_000, 'mov eax, [0x200000]');
cost('load and store that hit', 50_000_000, 'add dword [0x200000], 1');
cost('call and return inside a region', 30_000_000, 'call near f', { after: 'f: ret' });
cost('call and return between two pages: two regions', 5_000_000, 'call near f', {
  after: 'align 4096\nf: ret',
});
const walk = (step: number) => `add ebx, ${step}\nand ebx, 0xffffff\nmov eax, [ebx + 0x800000]`;
cost('load that misses the soft TLB', 1_000_000, walk(4096 + 64), { empty: walk(64) });
cost('instruction that only the evaluator executes (SMSW)', 500_000, 'smsw eax');
cost('OUT to an unused port', 500_000, 'out 0x80, al');
cost('store beside code in the page that runs', 500_000, 'mov [data], edi', {
  after: 'align 64\ndata: dd 0',
});
cost('patch an immediate and call', 50_000, 'mov [f + 1], edi\ncall f', {
  after: 'align 64\nf: mov eax, 0\nret',
  empty: 'call f',
});

{
  const count = 100_000_000;
  const plain = run(loop(count, MIX)).microseconds;
  const elsewhere = run(loop(count, MIX), {}, (m) =>
    m.breakpoints.set(1, 0x101000n, () => true),
  ).microseconds;
  console.log(
    `${'breakpoint set but not hit, elsewhere'.padEnd(58)} ${(elsewhere / plain).toFixed(2).padStart(9)} ×`,
  );
}

{
  const one = 'mov ecx, 3\nl@: add eax, ecx\nrol eax, 5\ndec ecx\njnz l@\nret\nalign 32\n';
  const many = Array.from({ length: 3000 }, (_, i) => one.replaceAll('@', String(i))).join('');
  const body = loop(
    40,
    'mov esi, first\nnext: call esi\nadd esi, 32\ncmp esi, last\njb next',
    `align 32\nfirst:\n${many}\nlast:`,
  );
  const without = run(body, { tuning: { hotAfter: 1_000_000 } });
  const compiled = run(body, { tuning: { hotAfter: 10 } });
  const each = (compiled.microseconds - without.microseconds) / compiled.counts.compiled;
  console.log(
    `${`CPU time of compiling a region of 500 instructions, V8's threads included (${compiled.counts.compiled})`.padEnd(58)} ${each.toFixed(0).padStart(9)} us`,
  );
}
