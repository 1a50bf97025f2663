import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Machine, type MachineConfig, type StopReason } from '@hyperstep/engine';
import { runLab } from './lab';
import { describeStop } from './report';

const USAGE = `usage: machine FILE [--append TEXT] [--memory MIB] [--serial -|none] [--limit N] [--tier NAME]
       machine lab FOLDER [--quiet]

Boots a Multiboot 1 file without a screen: COM1 on standard output, and the exit
code from port 0xF4 as QEMU's isa-debug-exit gives it ((value << 1) | 1).
--tier says how code is executed: evaluator, interpreter or regions; all give the same run.
"lab" assembles and runs a lab folder and reports VM exits and an address walk.`;

/** Exit codes of our own, for what is not a guest's exit: as sysexits.h has them. */
const EX_USAGE = 64;
const EX_DATAERR = 65;
const EX_SOFTWARE = 70;

const TIERS: readonly MachineConfig['tier'][] = ['evaluator', 'interpreter', 'regions'];

/** Instructions between two looks at the world outside. */
const SLICE = 5_000_000;

function main(): number {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse();
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return EX_USAGE;
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (positionals[0] === 'lab' && positionals.length === 2) {
    return runLab(resolve(positionals[1]), { quiet: values.quiet ?? false });
  }
  if (positionals.length !== 1) {
    console.error(USAGE);
    return EX_USAGE;
  }
  const memory = Number(values.memory ?? 128);
  const limit = Number(values.limit ?? Number.POSITIVE_INFINITY);
  if (!Number.isInteger(memory) || memory < 1 || memory > 3072 || Number.isNaN(limit)) {
    console.error('--memory takes 1 … 3072 MiB, --limit a number of instructions');
    return EX_USAGE;
  }
  const tier = values.tier as MachineConfig['tier'];
  if (tier !== undefined && !TIERS.includes(tier)) {
    console.error(`--tier takes one of ${TIERS.join(', ')}`);
    return EX_USAGE;
  }
  return boot(positionals[0], {
    tier,
    append: values.append ?? '',
    memory,
    limit,
    serial: values.serial !== 'none',
  });
}

function parse() {
  return parseArgs({
    allowPositionals: true,
    options: {
      append: { type: 'string' },
      memory: { type: 'string' },
      serial: { type: 'string' },
      limit: { type: 'string' },
      tier: { type: 'string' },
      quiet: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
}

function boot(
  file: string,
  options: { append: string; memory: number; limit: number; serial: boolean; tier: MachineConfig['tier'] },
): number {
  let image: Uint8Array;
  try {
    image = readFileSync(file);
  } catch (error) {
    console.error(`${file}: ${(error as Error).message}`);
    return EX_DATAERR;
  }
  const machine = new Machine({ memoryMiB: options.memory, tier: options.tier });
  const { error } = machine.loadMultiboot(image, { commandLine: options.append });
  if (error !== undefined) {
    console.error(`${file}: ${error}`);
    return EX_DATAERR;
  }
  const output = new LineWriter();
  if (options.serial) machine.serial.onTransmit = (byte) => output.write(byte);
  let stop: StopReason;
  do {
    stop = machine.run({ limit: Math.min(machine.count + SLICE, options.limit) });
    output.flush();
  } while (stop.kind === 'limit' && machine.count < options.limit);
  if (stop.kind === 'exit') return stop.code & 0xff;
  console.error(`\n${describeStop(stop)}`);
  return stop.kind === 'halted' ? 0 : EX_SOFTWARE;
}

/** Gathers serial bytes, so that not every one costs a system call. */
class LineWriter {
  private bytes: number[] = [];

  write(byte: number): void {
    this.bytes.push(byte);
    if (byte === 10) this.flush();
  }

  flush(): void {
    if (this.bytes.length > 0) process.stdout.write(Uint8Array.from(this.bytes));
    this.bytes = [];
  }
}

process.exitCode = main();
