import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '@hyperstep/assembler';
import { Machine } from '@hyperstep/engine';

// How many guest instructions a second the reference evaluator runs, in ordinary
// 64-bit code. Goal: 2 million; printed, not asserted.

const RUNS = 3;
const source = join(process.cwd(), 'bench/guests/evaluator.asm');
const { image, diagnostics } = assemble({
  main: source,
  files: { read: (path) => (path === source ? readFileSync(path) : undefined) },
});
if (!image) throw new Error(diagnostics.map((d) => `${d.range.line}: ${d.message}`).join('\n'));

const rates: number[] = [];
for (let run = 0; run < RUNS; run++) {
  const machine = new Machine({ memoryMiB: 16 });
  const { error } = machine.loadMultiboot(image);
  if (error) throw new Error(error);
  const started = process.cpuUsage();
  let stop = machine.run({ limit: Number.POSITIVE_INFINITY });
  while (stop.kind === 'limit') stop = machine.run({ limit: Number.POSITIVE_INFINITY });
  const { user, system } = process.cpuUsage(started);
  if (stop.kind !== 'exit') throw new Error(`the guest did not end: ${JSON.stringify(stop)}`);
  rates.push(machine.count / (user + system));
  console.log(
    `evaluator: ${machine.count} instructions, ${rates[run].toFixed(2)} million a second of CPU time, state ${machine.hash()}`,
  );
}
rates.sort((x, y) => x - y);
console.log(`evaluator: median ${rates[RUNS >> 1].toFixed(2)} million instructions a second`);
