import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '@hyperstep/assembler';
import { Machine } from '@hyperstep/engine';
import { median, record, row } from './harness/results';

// How many guest instructions a second the reference evaluator runs, in ordinary
// 64-bit code, goal 2 million; and what the other tiers make of the same ten million
// instructions, which are few for compiled code. Printed, not asserted.

const RUNS = 3;
const source = join(process.cwd(), 'bench/guests/evaluator.asm');
const { image, diagnostics } = assemble({
  main: source,
  files: { read: (path) => (path === source ? readFileSync(path) : undefined) },
});
if (!image) throw new Error(diagnostics.map((d) => `${d.range.line}: ${d.message}`).join('\n'));

/** The interpreter and the regions beside it; all execute the same instructions. */
const TIERS = ['evaluator', 'interpreter', 'regions'] as const;

const rates = new Map<string, number[]>(TIERS.map((tier) => [tier, []]));
const states = new Set<string>();
for (let run = 0; run < RUNS; run++) {
  for (const tier of TIERS) {
    const machine = new Machine({ memoryMiB: 16, tier });
    const { error } = machine.loadMultiboot(image);
    if (error) throw new Error(error);
    const started = process.cpuUsage();
    let stop = machine.run({ limit: Number.POSITIVE_INFINITY });
    while (stop.kind === 'limit') stop = machine.run({ limit: Number.POSITIVE_INFINITY });
    const { user, system } = process.cpuUsage(started);
    if (stop.kind !== 'exit') throw new Error(`the guest did not end: ${JSON.stringify(stop)}`);
    rates.get(tier)!.push(machine.count / (user + system));
    states.add(`${machine.count} instructions, state ${machine.hash()}`);
  }
}
for (const [tier, values] of rates) {
  const { value, spread } = median(values);
  console.log(`${tier}: ${value.toFixed(1)} million instructions a second ±${Math.round(spread * 50)}%`);
}
console.log([...states].join('\n'));
if (states.size > 1) console.log('REFUSED: the tiers do not agree');
else {
  const [evaluator, ...faster] = TIERS.map((tier) => median(rates.get(tier)!).value);
  record(
    process.cwd(),
    faster.map((rate, i) =>
      row(`tier ${TIERS[i + 1]} against the evaluator, start-up included`, rate, evaluator, 'MIPS'),
    ),
  );
}
