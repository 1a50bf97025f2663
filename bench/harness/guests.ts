// Builds the benchmark images with the distribution's gcc and NASM.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Width of the image's code. */
export type Bits = 32 | 64;

/** Multiboot 1 files by width, or what is missing to build them. */
export type GuestImages = { images: Record<Bits, string> } | { missing: string };

const C_FLAGS = [
  ...['-std=gnu11', '-O2', '-Wall', '-Wextra'],
  ...['-ffreestanding', '-fno-pic', '-fno-stack-protector', '-mno-red-zone'],
  // No tables beside the code, no calls to memcpy in place of the loops that are measured.
  ...['-fno-asynchronous-unwind-tables', '-fcf-protection=none', '-fno-tree-loop-distribute-patterns'],
];

/** Every part but floating point also runs on a processor without SSE. */
const WITHOUT_SSE = ['-mgeneral-regs-only'];
const WITH_SSE2 = ['-msse2', '-mfpmath=sse'];

/** Builds both images into `out`; `root` is the repository. */
export function buildGuests(root: string, out: string): GuestImages {
  for (const tool of ['gcc', 'nasm', 'ld', 'objcopy']) {
    if (spawnSync(tool, ['--version']).error) return { missing: `${tool} is not installed` };
  }
  try {
    return { images: { 32: buildImage(root, out, 32), 64: buildImage(root, out, 64) } };
  } catch (error) {
    return { missing: (error as Error).message };
  }
}

function buildImage(root: string, out: string, bits: Bits): string {
  const guests = join(root, 'bench/guests');
  const workloads = join(guests, 'workloads');
  const objects = join(out, `objects${bits}`);
  mkdirSync(objects, { recursive: true });
  const linked: string[] = [];
  const object = (source: string): string => {
    const file = join(objects, `${basename(source)}.o`);
    linked.push(file);
    return file;
  };

  for (const source of [join(guests, 'main.c'), ...sources(workloads, '.c')]) {
    if (basename(source) === 'vmx.c' && bits === 32) continue; // the VMM is 64-bit
    const registers = basename(source) === 'fp.c' ? WITH_SSE2 : WITHOUT_SSE;
    run('gcc', [`-m${bits}`, ...C_FLAGS, ...registers, '-c', source, '-o', object(source)]);
  }
  const assembly = [join(guests, `boot${bits}.asm`), ...(bits === 64 ? sources(workloads, '.asm') : [])];
  for (const source of assembly)
    run('nasm', ['-I', `${guests}/`, '-f', `elf${bits}`, source, '-o', object(source)]);

  const program = join(out, `bench${bits}.elf`);
  const image = join(out, `bench${bits}.multiboot`);
  const emulation = bits === 64 ? 'elf_x86_64' : 'elf_i386';
  const script = join(guests, 'bench.ld');
  run('ld', [
    '-m',
    emulation,
    '-nostdlib',
    '-static',
    '-z',
    'noexecstack',
    '-T',
    script,
    '-o',
    program,
    ...linked,
  ]);
  // Multiboot loaders want a 32-bit ELF container, whatever the code inside it is.
  if (bits === 64) run('objcopy', ['-O', 'elf32-i386', program, image]);
  else copyFileSync(program, image);
  return image;
}

function sources(folder: string, extension: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => join(folder, name));
}

function run(tool: string, args: string[]): void {
  const { status, stderr } = spawnSync(tool, args, { encoding: 'utf8' });
  if (status === 0) return;
  const hint = /sys\/cdefs|bits\/libc|cannot find -l|stdint/.test(stderr ?? '')
    ? ' (is gcc-multilib needed?)'
    : '';
  throw new Error(`${tool} ${args.at(-1)} failed${hint}: ${(stderr ?? '').trim().split('\n')[0]}`);
}
