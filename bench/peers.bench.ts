import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { instructionsPerCount } from './harness/counts';
import { bochs, type Engine, ours, qemu, v86 } from './harness/engines';
import { type Bits, buildGuests } from './harness/guests';
import { measure } from './harness/measure';
import { report } from './harness/report';
import { record } from './harness/results';
import { WORKLOADS } from './harness/workloads';

// Our machine beside QEMU TCG, Bochs and v86: the same guests, interleaved, by
// processor time. docs/performance.md says what each figure means.

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    patience: { type: 'string' },
    /** Substrings are not enough here: names, separated by commas. */
    only: { type: 'string' },
    engines: { type: 'string' },
    bits: { type: 'string', default: '64,32' },
    /** Tiers of ours, each a column of its own; the first is compared. */
    tiers: { type: 'string' },
    /** The goals' figures only, each against the peer that its goal names, once and shortly; implies --dry. */
    quick: { type: 'boolean', default: false },
    /** Do not touch results.json. */
    dry: { type: 'boolean', default: false },
  },
});

const { quick } = values;
const seconds = Number(values.seconds ?? (quick ? 0.2 : 1));
const rounds = Number(values.rounds ?? (quick ? 1 : 3));
/** Besides the compute workloads: what docs/performance.md has goals for. */
const GOALS = ['cold', 'smc', 'vmcall', 'vmcallept'];

const root = process.cwd();
/** Everything this run uses is its own: somebody else may build while it runs. */
const out = join(root, `out/bench/run-${process.pid}`);
const list = (text: string | undefined): string[] | undefined => text?.split(',').filter(Boolean);

async function main(): Promise<void> {
  mkdirSync(out, { recursive: true });
  const guests = buildGuests(root, out);
  if ('missing' in guests) {
    console.log(`peers: skipped, the guests cannot be built: ${guests.missing}`);
    return;
  }
  const only = list(values.only);
  const workloads = WORKLOADS.filter((w) =>
    only ? only.includes(w.name) : !quick || w.kind === 'compute' || GOALS.includes(w.name),
  );
  const bits = list(values.bits)!
    .map(Number)
    .filter((n): n is Bits => n === 32 || n === 64);
  const program = join(out, 'machine.js');
  copyFileSync(join(root, 'out/bench/programs/machine.js'), program);
  const own = (list(values.tiers) ?? [undefined]).map((tier) => ours(program, tier));
  const wanted = list(values.engines);
  const all = quick ? [{ ...qemu(), bits: [64 as const] }, v86(root)] : [qemu(), bochs(), v86(root)];
  const peers = all.filter((e) => wanted === undefined || wanted.includes(e.id));
  const engines: Engine[] = [...own];
  for (const engine of peers) {
    const missing = engine.missing();
    if (missing === undefined) engines.push(engine);
    else console.log(`${engine.title}: skipped, ${missing}`);
  }

  const instructions = { 32: new Map<string, number>(), 64: new Map<string, number>() };
  for (const width of bits) {
    instructions[width] = instructionsPerCount(
      readFileSync(guests.images[width]),
      workloads.filter((w) => (w.bits ?? width) === width),
    );
  }
  const plan = {
    ...{ engines, bits, workloads, instructions, images: guests.images },
    ...{
      seconds,
      rounds,
      patience: Number(values.patience ?? Math.max(60, 30 * seconds)),
    },
    ...{ scratch: join(out, 'scratch'), say: (text: string) => process.stderr.write(`${text}\n`) },
  };
  const outcome = await measure(plan);
  const rows = report({ outcome, engines, bits, workloads, instructions }, console.log);
  if (!values.dry && !quick) record(root, rows);
}

void main().finally(() => rmSync(out, { recursive: true, force: true }));
