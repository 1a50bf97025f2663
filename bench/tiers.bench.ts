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
  const machine = new Machine({ memoryMiB: 64, ...config });
  machine.loadMultiboot(image);
  prepare?.(machine);
  const started = process.cpuUsage();
  while (machine.run({ limit: Number.POSITIVE_INFINITY }).kind === 'limit');
  const { user, system } = process.cpuUsage(started);
  return { microseconds: user + system, instructions: machine.count, counts: machine.tierCounts };
}

/** Segments, an interrupt table with one gate, and paging with accessed and dirty 4 MiB pages. */
const SYSTEM = `
                lgdt    [gdtr]
                jmp     8:reload
reload:         mov     eax, 16
                mov     ds, eax
                mov     es, eax
                mov     ss, eax
                lidt    [idtr]
                mov     eax, 0xe3
                mov     ebx, 0x90000
page:           mov     [ebx], eax
                add     ebx, 4
                add     eax, 0x400000
                jnc     page
                mov     eax, 0x90000
                mov     cr3, eax
                mov     eax, 0x10
                mov     cr4, eax
                mov     eax, 0x80000011
                mov     cr0, eax
                mov     eax, 0x90000
                jmp     go
                align   8
gdt:            dq      0, 0x00cf9b000000ffff, 0x00cf93000000ffff
idt:            times 32 dq 0
                dw      handler - header, 8, 0x8e00, 0x10
handler:        iret
gdtr:           dw      23
                dd      gdt
idtr:           dw      0x107
                dd      idt
go:
`;

/** A loop of `count` turns around a body; EDI is free. */
const loop = (count: number, turn: string, after = '', before = ''): string => `
${before}
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
function turn(count: number, body: string, after?: string, before?: string): number {
  const nanoseconds = (n: number) => best(() => run(loop(n, body, after, before)).microseconds) * 1000;
  return (nanoseconds(count) - nanoseconds(count / 10)) / (count * 0.9);
}

function cost(
  name: string,
  count: number,
  body: string,
  options: { after?: string; empty?: string; before?: string; times?: number } = {},
): void {
  const { after, empty, before, times = 1 } = options;
  const each = turn(count, body, after, before) - turn(count, empty ?? '', after, before);
  console.log(`${name.padEnd(58)} ${(each / times).toFixed(1).padStart(9)} ns`);
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
// Pages 32 MiB apart share an entry.
const far = (other: number) => `mov ebx, [0x200000]\nmov ebx, [${other}]`;
cost('load that misses the soft TLB', 500_000, `${far(0x2200000)}\n${far(0x2200000)}`, {
  before: SYSTEM,
  times: 4,
  empty: `${far(0x201000)}\n${far(0x201000)}\n`,
});
for (const [name, body] of [
  ['helper that does nothing (PAUSE)', 'pause'],
  ['CPUID', 'cpuid'],
  ['RDTSC', 'rdtsc'],
  ['OUT to an unused port', 'out 0x80, al'],
  ['IN from port 61h', 'in al, 0x61'],
  ['CLI', 'cli'],
  ['PUSHF and POPF', 'pushf\npopf'],
  ['MOV from and to DS', 'mov esi, ds\nmov ds, esi'],
  ['INT n and IRET in ring 0', 'int 0x20'],
  ['INVLPG', 'invlpg [0x200000]'],
  ['MOV CR3, and its code page again', 'mov cr3, eax'],
] as const) {
  cost(name, 500_000, body, { before: SYSTEM });
}
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
