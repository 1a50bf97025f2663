// The engines that run the guests: ours and its peers, and what each needs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Bits } from './guests';

/** Guest RAM of all engines, MiB. */
const MEMORY = 128;

/** How to start one run. */
export interface Launch {
  argv: string[];
  cwd?: string;
}

/** Something that runs a guest image. */
export interface Engine {
  id: string;
  title: string;
  bits: readonly Bits[];
  /** Where COM1 goes: its standard output, or a TCP connection it makes to us. */
  serial: 'stdout' | 'socket';
  /** What it lacks here, or undefined: it can run. */
  missing(): string | undefined;
  launch(run: { image: string; bits: Bits; commandLine: string; scratch: string; port: number }): Launch;
  /** For the first try: million instructions a second, and microseconds an event. */
  guess: { mips: number; event: number };
}

/** Our machine, headless, as `npm run machine` starts it; `tier` is its default unless given. */
export function ours(program: string, tier?: string): Engine {
  return {
    id: tier === undefined ? 'ours' : `ours-${tier}`,
    title: tier === undefined ? 'ours' : `ours (${tier})`,
    bits: [32, 64],
    serial: 'stdout',
    missing: () => undefined,
    launch: ({ image, commandLine }) => ({
      argv: [
        ...[process.execPath, program, image, '--memory', `${MEMORY}`, '--append', commandLine],
        ...(tier === undefined ? [] : ['--tier', tier]),
      ],
    }),
    guess: { mips: 10, event: 5 },
  };
}

/** QEMU's TCG: the guest's width decides which of the two programs runs. */
export function qemu(): Engine {
  const program = (bits: Bits): string => (bits === 64 ? 'qemu-system-x86_64' : 'qemu-system-i386');
  return {
    id: 'qemu',
    title: 'QEMU TCG',
    bits: [32, 64],
    serial: 'stdout',
    missing: () => missingPrograms([program(32), program(64)]),
    launch: ({ image, bits, commandLine }) => ({
      argv: [
        ...[
          program(bits),
          '-accel',
          'tcg',
          '-cpu',
          'max',
          '-m',
          `${MEMORY}`,
          '-display',
          'none',
          '-no-reboot',
        ],
        ...['-serial', 'stdio', '-monitor', 'none', '-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'],
        ...['-kernel', image, '-append', commandLine],
      ],
    }),
    guess: { mips: 500, event: 1 },
  };
}

const BOCHS_BIOS = '/usr/share/bochs/BIOS-bochs-latest';
const BOCHS_VGA_BIOS = '/usr/share/bochs/VGABIOS-lgpl-latest';
const GRUB = '/usr/lib/grub/i386-pc';

/**
 * Bochs boots through GRUB from a CD; Debian's has its debugger compiled in and needs a
 * terminal. What it writes to a file stays in a buffer until it ends, hence the socket.
 */
export function bochs(): Engine {
  return {
    id: 'bochs',
    title: 'Bochs',
    bits: [32, 64],
    serial: 'socket',
    missing: () =>
      missingPrograms(['bochs', 'script', 'grub-mkrescue', 'xorriso', 'mformat']) ??
      [BOCHS_BIOS, BOCHS_VGA_BIOS, GRUB].filter((file) => !existsSync(file)).map((f) => `${f} is missing`)[0],
    launch: ({ image, commandLine, scratch, port }) => {
      const iso = join(scratch, 'boot.iso');
      makeIso(image, commandLine, scratch, iso);
      writeFileSync(join(scratch, 'rc'), 'c\n');
      writeFileSync(
        join(scratch, 'bochsrc'),
        [
          'cpu: model=corei7_skylake_x, count=1, ips=50000000, reset_on_triple_fault=0',
          `memory: guest=${MEMORY}, host=${MEMORY}`,
          `romimage: file=${BOCHS_BIOS}`,
          `vgaromimage: file=${BOCHS_VGA_BIOS}`,
          'display_library: term',
          `ata0-master: type=cdrom, path=${iso}, status=inserted`,
          'boot: cdrom',
          `com1: enabled=1, mode=socket-client, dev=127.0.0.1:${port}`,
          `log: ${join(scratch, 'log')}`,
          'clock: sync=none',
          'panic: action=fatal',
          '',
        ].join('\n'),
      );
      return {
        argv: ['script', '-qec', 'exec bochs -q -f bochsrc -rc rc', '/dev/null'],
        cwd: scratch,
      };
    },
    guess: { mips: 50, event: 1 },
  };
}

function makeIso(image: string, commandLine: string, scratch: string, iso: string): void {
  const tree = join(scratch, 'iso');
  mkdirSync(join(tree, 'boot/grub'), { recursive: true });
  writeFileSync(
    join(tree, 'boot/grub/grub.cfg'),
    `set timeout=0\nmenuentry "bench" {\n  multiboot /boot/image ${commandLine}\n  boot\n}\n`,
  );
  spawnSync('cp', [image, join(tree, 'boot/image')]);
  const made = spawnSync('grub-mkrescue', ['-d', GRUB, '--compress=xz', '-o', iso, tree], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`grub-mkrescue failed: ${made.stderr.trim().split('\n').at(-1)}`);
}

/** v86 from npm; it needs no BIOS for a Multiboot image. */
export function v86(root: string): Engine {
  const find = (): string | undefined => {
    try {
      return createRequire(join(root, 'package.json')).resolve('v86');
    } catch {
      return undefined;
    }
  };
  return {
    id: 'v86',
    title: 'v86',
    bits: [32],
    serial: 'stdout',
    missing: () => (find() === undefined ? 'the npm package v86 is not installed (npm ci)' : undefined),
    launch: ({ image, commandLine }) => {
      const library = find()!;
      const runner = join(root, 'bench/harness/v86-runner.mjs');
      return { argv: [process.execPath, runner, library, dirname(library), image, `${MEMORY}`, commandLine] };
    },
    guess: { mips: 300, event: 1 },
  };
}

function missingPrograms(programs: string[]): string | undefined {
  const absent = programs.filter((program) => spawnSync('which', [program]).status !== 0);
  return absent.length > 0 ? `${absent.join(', ')} not installed` : undefined;
}
