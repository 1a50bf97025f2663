// The measurement of all engines: calibrated, interleaved, repeated.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, Launch } from './engines';
import type { Bits } from './guests';
import { median } from './results';
import { type RunResult, runGuest } from './run';
import { roundCount, type Workload } from './workloads';

/** What is to be measured, and how long. */
export interface Plan {
  engines: readonly Engine[];
  bits: readonly Bits[];
  workloads: readonly Workload[];
  images: Record<Bits, string>;
  /** Instructions a count takes, by width and workload; to guess the first counts. */
  instructions: Record<Bits, Map<string, number>>;
  /** Processor time each workload is to take, in seconds. */
  seconds: number;
  rounds: number;
  /** Seconds without a line from the guest after which it counts as hanging. */
  patience: number;
  /** Folder for scratch files. */
  scratch: string;
  say(text: string): void;
}

/** One workload on one engine: medians over the rounds. */
export interface Measured {
  checksum: string;
  /** Processor time of the busiest thread a count, in seconds. */
  cpu: number;
  /** Time on the clock a count, in seconds. */
  wall: number;
  /** Of the processor time: (largest − smallest) ÷ median. */
  spread: number;
}

/** Results by `key(engine, bits, workload)`. */
export interface Outcome {
  measured: Map<string, Measured>;
  /** Why there is no figure: the guest's SKIP, a hang, a crash, checksums that differ between runs. */
  absent: Map<string, string>;
  /** Seconds to the first line, by `key(engine, bits, '')`. */
  startUp: Map<string, number>;
}

export const key = (engine: string, bits: Bits, workload: string): string => `${engine}/${bits}/${workload}`;

/** Tries that find how many counts fill the time. */
const CALIBRATIONS = 3;

export async function measure(plan: Plan): Promise<Outcome> {
  const outcome: Outcome = { measured: new Map(), absent: new Map(), startUp: new Map() };
  const pairs = plan.bits.flatMap((bits) =>
    plan.engines.filter((e) => e.bits.includes(bits)).map((engine) => new Pair(plan, engine, bits, outcome)),
  );
  for (const pair of pairs) await pair.calibrate();
  for (let round = 0; round < plan.rounds; round++) {
    for (const pair of pairs) {
      plan.say(`round ${round + 1} of ${plan.rounds}: ${pair.title}`);
      await pair.measureOnce();
    }
  }
  for (const pair of pairs) pair.report();
  return outcome;
}

/** One engine with one image. */
class Pair {
  readonly title: string;
  private readonly counts = new Map<string, number>();
  private readonly cpu = new Map<string, number[]>();
  private readonly wall = new Map<string, number[]>();
  private readonly checksums = new Map<string, Set<string>>();
  private readonly startUps: number[] = [];

  constructor(
    private readonly plan: Plan,
    private readonly engine: Engine,
    private readonly bits: Bits,
    private readonly outcome: Outcome,
  ) {
    this.title = `${engine.title}, ${bits}-bit`;
    for (const workload of plan.workloads) {
      if ((workload.bits ?? bits) === bits) this.counts.set(workload.name, this.firstGuess(workload));
    }
  }

  /** A tenth of the time, if the engine is as fast as we think. */
  private firstGuess(workload: Workload): number {
    const { guess } = this.engine;
    const each = this.plan.instructions[this.bits].get(workload.name) ?? 400_000;
    const seconds = workload.kind === 'event' ? guess.event / 1e6 : each / (guess.mips * 1e6);
    return roundCount(workload, this.plan.seconds / 10 / seconds);
  }

  async calibrate(): Promise<void> {
    const { plan } = this;
    let open = [...this.counts.keys()];
    for (let attempt = 0; attempt < CALIBRATIONS && open.length > 0; attempt++) {
      plan.say(`calibrating ${this.title}`);
      const { samples } = await this.run(open);
      open = open.filter((name) => {
        const sample = samples.get(name);
        if (!sample) return false;
        const workload = plan.workloads.find((w) => w.name === name)!;
        const factor = Math.min(plan.seconds / Math.max(sample.cpu, 0.002), 100);
        const count = roundCount(workload, sample.count * factor);
        const same = count === this.counts.get(name);
        this.counts.set(name, count);
        return !same && (factor > 4 || factor < 0.5);
      });
    }
  }

  async measureOnce(): Promise<void> {
    const { samples } = await this.run([...this.counts.keys()]);
    for (const [name, sample] of samples) {
      append(this.cpu, name, sample.cpu / sample.count);
      append(this.wall, name, sample.wall / sample.count);
    }
  }

  report(): void {
    for (const [name, times] of this.cpu) {
      const place = key(this.engine.id, this.bits, name);
      const checksums = [...this.checksums.get(name)!];
      if (checksums.length > 1) {
        this.outcome.absent.set(place, `checksums of its runs differ: ${checksums.join(', ')}`);
        continue;
      }
      const { value, spread } = median(times);
      const wall = median(this.wall.get(name)!).value;
      this.outcome.measured.set(place, { checksum: checksums[0], cpu: value, wall, spread });
    }
    if (this.startUps.length > 0)
      this.outcome.startUp.set(key(this.engine.id, this.bits, ''), median(this.startUps).value);
  }

  /** Runs the workloads in one boot; what comes after one that hangs or crashes gets a boot of its own. */
  private async run(names: string[]): Promise<Pick<RunResult, 'samples'>> {
    const samples: RunResult['samples'] = new Map();
    let left = names;
    while (left.length > 0) {
      const commandLine = left.map((name) => `${name}:${this.counts.get(name)}`).join(' ');
      const result = await this.boot(commandLine);
      for (const [name, sample] of result.samples) {
        samples.set(name, sample);
        const seen = this.checksums.get(name) ?? new Set();
        this.checksums.set(name, seen.add(sample.checksum));
      }
      for (const [name, reason] of result.skipped) this.giveUp(name, reason);
      if (result.startUp !== undefined) this.startUps.push(result.startUp);
      if (result.failure === undefined) break;
      // Nothing ran: what the failure names, or else all of it, is given up.
      const { workload, reason } = result.failure;
      const culprits = workload !== undefined ? [workload] : result.samples.size === 0 ? left : [];
      for (const name of culprits) this.giveUp(name, reason);
      if (culprits.length === 0) break;
      left = left.filter((name) => !result.samples.has(name) && this.counts.has(name));
    }
    return { samples };
  }

  private async boot(commandLine: string): Promise<RunResult> {
    const scratch = join(this.plan.scratch, `${this.engine.id}-${this.bits}`);
    mkdirSync(scratch, { recursive: true });
    try {
      const image = this.plan.images[this.bits];
      const launch = (port: number): Launch =>
        this.engine.launch({ image, bits: this.bits, commandLine: `${commandLine} stay`, scratch, port });
      return await runGuest(this.engine.serial, launch, this.plan.patience);
    } catch (error) {
      const failure = { workload: undefined, reason: (error as Error).message };
      return { samples: new Map(), skipped: new Map(), startUp: undefined, failure };
    }
  }

  private giveUp(name: string, reason: string): void {
    this.counts.delete(name);
    this.cpu.delete(name);
    this.outcome.absent.set(key(this.engine.id, this.bits, name), reason);
  }
}

function append(map: Map<string, number[]>, name: string, value: number): void {
  const values = map.get(name);
  if (values) values.push(value);
  else map.set(name, [value]);
}
