// Boots a multiboot image under Bochs and returns what it said on COM1: the
// witness for VMX and for everything else the engine claims.
//
// Debian's Bochs has the debugger compiled in (it waits for `c`, given by -rc)
// and no display for a machine without one: the `term` display gets a terminal
// from script(1).
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();

/** A real machine is done in 3 s; this is for a busy one. */
const TIMEOUT_MS = 45_000;

const BIOS = '/usr/share/bochs/BIOS-bochs-latest';
const VGA_BIOS = '/usr/share/bochs/VGABIOS-lgpl-latest';

/** Options of {@link bootUnderBochs}. */
export interface BootOptions {
  /** Bochs's name of the processor; the default has VMX, EPT and unrestricted guests. */
  cpu?: string;
  /** MiB. */
  memory?: number;
  /** End the run as soon as this text has come; the default is to wait until the guest powers off. */
  until?: string;
}

/** The tools of the distribution that {@link bootUnderBochs} needs and that are not installed. */
export function missingTools(): string[] {
  const missing = ['bochs', 'grub-mkrescue', 'xorriso', 'mformat', 'script'].filter(
    (tool) => spawnSync('which', [tool]).status !== 0,
  );
  for (const file of [BIOS, VGA_BIOS, '/usr/lib/grub/i386-pc']) if (!existsSync(file)) missing.push(file);
  return missing;
}

/** Boots the image through GRUB and resolves to its serial output when it has powered off (or at `until`). */
export async function bootUnderBochs(image: string, options: BootOptions = {}): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'hyperstep-bochs-'));
  try {
    const iso = join(dir, 'boot.iso');
    const made = spawnSync('sh', [join(root, 'guests/iso.sh'), resolve(image), iso], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`guests/iso.sh failed: ${made.stderr}`);
    writeFileSync(join(dir, 'bochsrc'), configuration(dir, iso, options));
    writeFileSync(join(dir, 'rc'), 'c\n');
    return await run(dir, options.until);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function configuration(
  dir: string,
  iso: string,
  { cpu = 'corei7_skylake_x', memory = 64 }: BootOptions,
): string {
  return [
    `cpu: model=${cpu}, count=1, ips=50000000, reset_on_triple_fault=0`,
    `memory: guest=${memory}, host=${memory}`,
    `romimage: file=${BIOS}`,
    `vgaromimage: file=${VGA_BIOS}`,
    'display_library: term',
    `ata0-master: type=cdrom, path=${iso}, status=inserted`,
    'boot: cdrom',
    `com1: enabled=1, mode=file, dev=${join(dir, 'serial')}`,
    `log: ${join(dir, 'log')}`,
    'clock: sync=none',
    'panic: action=fatal',
    '',
  ].join('\n');
}

function run(dir: string, until: string | undefined): Promise<string> {
  const serial = () => (existsSync(join(dir, 'serial')) ? readFileSync(join(dir, 'serial'), 'latin1') : '');
  const bochs = spawn('script', ['-qc', 'bochs -q -f bochsrc -rc rc', '/dev/null'], {
    cwd: dir,
    env: { ...process.env, TERM: 'linux' },
    stdio: 'ignore',
    detached: true, // a process group of its own, to end Bochs with its terminal
  });
  return new Promise((done, fail) => {
    const stop = () => {
      clearInterval(poll);
      clearTimeout(limit);
      if (bochs.pid !== undefined && bochs.exitCode === null) end(bochs.pid);
    };
    const poll = setInterval(() => {
      if (until !== undefined && serial().includes(until)) {
        stop();
        done(serial());
      }
    }, 200);
    const limit = setTimeout(() => {
      stop();
      fail(new Error(`Bochs did not power off within ${TIMEOUT_MS / 1000} s. Serial so far:\n${serial()}`));
    }, TIMEOUT_MS);
    bochs.on('error', (error) => {
      stop();
      fail(error);
    });
    bochs.on('exit', () => {
      stop();
      done(serial());
    });
  });
}

/** Ends the process group, which may have ended by itself a moment ago. */
function end(group: number): void {
  try {
    process.kill(-group, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
