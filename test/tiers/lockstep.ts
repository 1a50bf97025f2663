import { strict as assert } from 'node:assert';
import { Machine, type MachineConfig } from '@hyperstep/engine';
import type { Random } from '@hyperstep/engine/testing';

/** Machines that run the same program by different means. */
export const TIERS: readonly MachineConfig[] = [
  { tier: 'evaluator' },
  { tier: 'interpreter', tuning: { cold: false } },
  { tier: 'regions', tuning: { hotAfter: 3, widenAfter: 3 } },
];

export function boot(image: Uint8Array, configs: readonly MachineConfig[] = TIERS): Machine[] {
  return configs.map((config) => {
    const machine = new Machine({ memoryMiB: 4, ...config });
    assert.equal(machine.loadMultiboot(image).error, undefined);
    return machine;
  });
}

/** Registers, flags and count: what can be compared often. */
export function summary(machine: Machine): string {
  const { rip, rflags, gpr } = machine.registersOf(machine.contexts().find((c) => c.current)!.id);
  const registers = gpr.map((v) => (v ?? 0n).toString(16)).join(' ');
  return `${machine.count} rip=${rip.toString(16)} flags=${rflags.toString(16)} ${registers}`;
}

/** Runs all machines to the same random counts and compares them there, memory included every `hashEvery` stops. */
export function lockStep(
  machines: readonly Machine[],
  random: Random,
  limit: number,
  hashEvery = 40,
): string {
  let at = 0;
  for (let stop = 0; ; stop++) {
    at += 1 + random.below(random.chance(30) ? 12 : random.chance(50) ? 400 : 20_000);
    const reasons = machines.map((machine) => {
      let reason = machine.run({ limit: Math.min(at, limit) });
      while (reason.kind === 'limit' && machine.count < Math.min(at, limit)) {
        reason = machine.run({ limit: Math.min(at, limit) });
      }
      return JSON.stringify(reason, (_, v) => (typeof v === 'bigint' ? v.toString(16) : v));
    });
    const ended = !reasons[0].includes('"limit"') || at >= limit;
    const states = machines.map(summary);
    for (let i = 1; i < machines.length; i++) {
      assert.equal(states[i], states[0], `${TIERS[i]?.tier} differs at stop ${stop}`);
      assert.equal(reasons[i], reasons[0]);
      if (ended || stop % hashEvery === 0)
        assert.equal(machines[i].hash(), machines[0].hash(), `memory at stop ${stop}`);
    }
    if (ended) return reasons[0];
  }
}
