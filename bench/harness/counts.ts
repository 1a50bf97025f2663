// Exact instruction counts of the workloads, from our machine: its clock counts instructions.
import { Machine, type MachineConfig } from '@hyperstep/engine';
import { roundCount, type Workload } from './workloads';

/** What one boot of the guest said. */
export interface Boot {
  /** Instructions between BEGIN and END. */
  instructions: Map<string, number>;
  checksums: Map<string, string>;
  skipped: Map<string, string>;
  /** How it ended, if it did not exit by itself. */
  failure: string | undefined;
}

/** Boots the image in this process with `name:count` pairs; ends after `limit` instructions at the latest. */
export function bootGuest(
  image: Uint8Array,
  commandLine: string,
  config: MachineConfig = {},
  limit = 20_000_000_000,
): Boot {
  const machine = new Machine({ memoryMiB: 128, ...config });
  const boot: Boot = {
    instructions: new Map(),
    checksums: new Map(),
    skipped: new Map(),
    failure: machine.loadMultiboot(image, { commandLine }).error,
  };
  if (boot.failure !== undefined) return boot;
  let text = '';
  let begun = 0;
  machine.serial.onTransmit = (byte) => {
    if (byte !== 10) {
      text += String.fromCharCode(byte);
      return;
    }
    const [word, name, ...words] = text.split(' ');
    if (word === 'BEGIN') begun = machine.count;
    else if (word === 'END') {
      boot.instructions.set(name, machine.count - begun);
      boot.checksums.set(name, words[0]);
    } else if (word === 'SKIP') boot.skipped.set(name, words.join(' '));
    else if (word === 'PANIC') boot.failure = text;
    text = '';
  };
  let stop = machine.run({ limit: Math.min(limit, machine.count + 10_000_000) });
  while (stop.kind === 'limit' && machine.count < limit)
    stop = machine.run({ limit: Math.min(limit, machine.count + 10_000_000) });
  if (stop.kind !== 'exit') boot.failure ??= `the guest did not end: ${stop.kind}`;
  return boot;
}

/** Instructions a count of each workload takes: the difference between two runs of different length. */
export function instructionsPerCount(
  image: Uint8Array,
  workloads: readonly Workload[],
  config: MachineConfig = {},
): Map<string, number> {
  const lengths = [2, 4].map((n) =>
    workloads.map((w) => roundCount(w, w.kind === 'compute' ? n / 2 : n * (w.granularity ?? 16))),
  );
  const boots = lengths.map((counts) =>
    bootGuest(image, workloads.map((w, i) => `${w.name}:${counts[i]}`).join(' '), config),
  );
  const each = new Map<string, number>();
  workloads.forEach(({ name }, i) => {
    const [few, many] = boots.map((boot) => boot.instructions.get(name));
    if (few !== undefined && many !== undefined)
      each.set(name, (many - few) / (lengths[1][i] - lengths[0][i]));
  });
  return each;
}
