import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '@hyperstep/assembler';
import { Machine, Slot, type Term } from '@hyperstep/engine';
import { median, type Row, record, row } from './harness/results';

// What breakpoints cost, as processor time against the undisturbed run of the same
// program: one that is set but never reached, in the page of the hot loop; one in the
// hot loop whose condition (a comparison of a register) is always false, known to the
// machine as a term or only to the callback.
// Goals: at most 5 % and at most 10 times slower.

const ROUNDS = 5;
const INSTRUCTIONS = 150_000_000;

const root = process.cwd();
const source = join(root, 'bench/guests/evaluator.asm');
const { image, map, diagnostics } = assemble({
  main: source,
  files: { read: (path) => (path === source ? readFileSync(path) : undefined) },
  defines: { ROUNDS: '1000000' },
});
if (!image || !map) throw new Error(diagnostics.map((d) => `${d.range.line}: ${d.message}`).join('\n'));
const address = (name: string): bigint => {
  const symbol = map.symbols.find((s) => s.name === name);
  if (!symbol) throw new Error(`no symbol ${name}`);
  return symbol.value;
};

const NEVER = 7n << 40n;
const RCX_IS_NEVER: Term = {
  kind: 'binary',
  operator: 'equal',
  left: { kind: 'register', slot: Slot.RCX },
  right: { kind: 'constant', value: NEVER },
};

/** How the machine is disturbed, and how many instructions are run. */
const SETTINGS: Record<string, { instructions: number; set?: (machine: Machine) => void }> = {
  undisturbed: { instructions: INSTRUCTIONS },
  'set but not hit': {
    instructions: INSTRUCTIONS,
    set: (machine) => machine.breakpoints.set(1, address('start'), () => true),
  },
  'conditional in a hot loop': {
    instructions: INSTRUCTIONS,
    set: (machine) => machine.breakpoints.set(1, address('hash.next'), () => true, RCX_IS_NEVER),
  },
  'conditional, asked each time': {
    instructions: INSTRUCTIONS / 20,
    set: (machine) =>
      machine.breakpoints.set(1, address('hash.next'), () => machine.cpu.state.u64[Slot.RCX] === NEVER),
  },
};

/** Processor time per million instructions, after a warm-up. */
function time(instructions: number, set?: (machine: Machine) => void): number {
  const machine = new Machine({ memoryMiB: 16 });
  const { error } = machine.loadMultiboot(image!);
  if (error) throw new Error(error);
  run(machine, 20_000); // past the start code
  set?.(machine);
  run(machine, instructions / 4);
  const started = process.cpuUsage();
  const from = machine.count;
  run(machine, instructions);
  const { user, system } = process.cpuUsage(started);
  return ((user + system) / (machine.count - from)) * 1e6;
}

function run(machine: Machine, instructions: number): void {
  const limit = machine.count + Math.ceil(instructions);
  while (machine.count < limit) {
    const stop = machine.run({ limit });
    if (stop.kind !== 'limit') throw new Error(`the guest stopped: ${JSON.stringify(stop)}`);
  }
}

const times = new Map<string, number[]>(Object.keys(SETTINGS).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++)
  for (const [name, { instructions, set }] of Object.entries(SETTINGS))
    times.get(name)!.push(time(instructions, set));

const base = median(times.get('undisturbed')!).value;
const rows: Row[] = [];
for (const [name, values] of times) {
  const { value, spread } = median(values);
  console.log(
    `${name}: ${(1e6 / value).toFixed(1)} MIPS ±${Math.round(spread * 50)}%, ${(value / base).toFixed(3)} times the undisturbed time`,
  );
  if (name !== 'undisturbed')
    rows.push(row(`breakpoint ${name}`, value / 1000, base / 1000, 'ns an instruction'));
}
record(root, rows);
