/**
 * The fuzz run: `npm run fuzz -- --inputs N --seed S [--from I] [--corpus FOLDER]`.
 * Inputs run in a worker; the main thread only watches that it goes on, so an
 * endless loop is found too. `--only I` shows one input and runs it alone; `--nasm`
 * compares with NASM instead.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { BesideNasm } from './beside-nasm';
import { attempt, type Finding, sourceOf } from './campaign';
import { snippets, sourcesBelow } from './mutate';

interface Job {
  inputs: number;
  seed: number;
  from: number;
  corpus: string | undefined;
  /** The input in work; the watcher looks at it. */
  progress: Int32Array;
}

/** What the worker tells: a finding, or how much memory is in use after a collection. */
type Message = { finding: Finding } | { index: number; heap: number };

/** Seconds of wall time without progress after which an input hangs. */
const HANG_SECONDS = 120;
const REPORT_EVERY = 20_000;

const root = process.env['HYPERSTEP_ROOT'] ?? process.cwd();

function allSources(corpus: string | undefined): string[] {
  const own = [...sourcesBelow(join(root, 'guests')), ...snippets(join(root, 'assembler/golden'))];
  return corpus === undefined ? own : [...own, ...sourcesBelow(corpus)];
}

function work({ inputs, seed, from, corpus, progress }: Job): void {
  const sources = allSources(corpus);
  const tell = (message: Message) => parentPort!.postMessage(message);
  for (let index = from; index < from + inputs; index++) {
    Atomics.store(progress, 0, index);
    const finding = attempt(seed, index, sources);
    if (finding) tell({ finding });
    if ((index + 1 - from) % REPORT_EVERY !== 0 && index + 1 !== from + inputs) continue;
    globalThis.gc?.();
    tell({ index: index + 1, heap: process.memoryUsage().heapUsed });
  }
}

function number(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} needs a whole number`);
  return value;
}

function besideNasm(seed: number, from: number, inputs: number, sources: readonly string[]): void {
  const pair = new BesideNasm();
  let findings = 0;
  for (let index = from; index < from + inputs; index++) {
    const finding = pair.attempt(seed, index, sources);
    if (finding === undefined) continue;
    findings++;
    console.log(`input ${index}: ${finding}`);
  }
  pair.close();
  console.log(`seed ${seed}: ${inputs} inputs, ${findings} differ`);
  if (findings > 0) process.exitCode = 1;
}

function main(): void {
  const at = process.argv.indexOf('--corpus');
  const corpus = at < 0 ? undefined : process.argv[at + 1];
  const seed = number('seed', 1);
  if (process.argv.includes('--only')) {
    const index = number('only', 0);
    const sources = allSources(corpus);
    console.log(sourceOf(seed, index, sources));
    console.log(attempt(seed, index, sources)?.message ?? 'nothing wrong');
    return;
  }
  const inputs = number('inputs', 10_000);
  if (process.argv.includes('--nasm')) {
    besideNasm(seed, number('from', 0), inputs, allSources(corpus));
    return;
  }
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const job: Job = { inputs, seed, from: number('from', 0), corpus, progress };
  const folder = join(root, 'out/fuzz');
  mkdirSync(folder, { recursive: true });
  const worker = new Worker(__filename, {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: 2048 },
  });
  let findings = 0;
  const heaps: number[] = [];
  const record = ({ index, kind, message, source }: Finding) => {
    findings++;
    const file = join(folder, `${seed}-${index}-${kind}.asm`);
    writeFileSync(file, source);
    console.log(`input ${index}: ${kind}: ${message.split('\n').slice(0, 8).join('\n    ')}\n    ${file}`);
  };
  worker.on('message', (message: Message) => {
    if ('finding' in message) record(message.finding);
    else {
      heaps.push(message.heap);
      const { rss } = process.memoryUsage();
      const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
      console.log(
        `${message.index} inputs, ${findings} findings, heap ${mb(message.heap)}, resident ${mb(rss)}`,
      );
    }
  });
  worker.on('error', (error) => {
    findings++;
    console.log(`input ${progress[0]}: the worker died: ${error.message}`);
    process.exitCode = 1;
  });
  let last = -1;
  let since = Date.now();
  const watch = setInterval(() => {
    const now = Atomics.load(progress, 0);
    if (now !== last) since = Date.now();
    last = now;
    if (Date.now() - since < HANG_SECONDS * 1000) return;
    clearInterval(watch);
    findings++;
    console.log(`input ${now}: hangs; --from ${now + 1} goes on behind it`);
    void worker.terminate();
  }, 1000);
  worker.on('exit', () => {
    clearInterval(watch);
    console.log(`seed ${seed}: ${findings} findings`);
    if (findings > 0) process.exitCode = 1;
  });
}

if (isMainThread) main();
else work(workerData as Job);
