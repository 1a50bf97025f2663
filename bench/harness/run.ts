// Runs one guest under one engine and takes times between BEGIN and END.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Engine, Launch } from './engines';

/** One workload's outcome in one run. */
export interface Sample {
  checksum: string;
  count: number;
  /** Seconds on the clock. */
  wall: number;
  /** Seconds of processor time of the thread that used most. */
  cpu: number;
}

/** What a run gave. */
export interface RunResult {
  samples: Map<string, Sample>;
  /** Reasons of the guest's SKIP lines. */
  skipped: Map<string, string>;
  /** Seconds from the start of the process to the first line. */
  startUp: number | undefined;
  /** The workload that ran when the engine hung or died, and how. */
  failure: { workload: string | undefined; reason: string } | undefined;
}

/** Starts the engine, reads its serial lines; ends it if `patience` seconds pass without one. */
export async function runGuest(
  serial: Engine['serial'],
  launch: (port: number) => Launch,
  patience: number,
): Promise<RunResult> {
  if (serial === 'stdout') return watch(launch(0), undefined, patience);
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    return await watch(launch((server.address() as AddressInfo).port), server, patience);
  } finally {
    server.close();
  }
}

function watch(launch: Launch, server: Server | undefined, patience: number): Promise<RunResult> {
  const result: RunResult = {
    samples: new Map(),
    skipped: new Map(),
    startUp: undefined,
    failure: undefined,
  };
  const started = now();
  const child = spawn(launch.argv[0], launch.argv.slice(1), {
    cwd: launch.cwd,
    env: { ...process.env, TERM: 'linux' },
    stdio: ['ignore', server ? 'ignore' : 'pipe', 'pipe'],
  });

  return new Promise((resolve) => {
    let running: ({ name: string } & Moment) | undefined;
    let rest = '';
    let complaint = '';
    let over = false;
    const finish = (reason?: string): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      if (reason !== undefined) result.failure = { workload: running?.name, reason };
      if (child.pid !== undefined) endTree(child.pid);
      resolve(result);
    };
    const hung = (): void => finish(`no answer for ${patience} s`);
    let timer = setTimeout(hung, patience * 1000);

    /** `begun` is when the line's first characters came, at the latest. */
    const line = (text: string, begun: Moment): void => {
      const [word, name, ...words] = text.trim().split(' ');
      if (word === 'BEGIN') running = { name, ...moment(child.pid!) };
      else if (word === 'END' && running?.name === name) {
        const cpu = busiest(running.threads, begun.threads);
        const wall = begun.time - running.time;
        result.samples.set(name, { checksum: words[0], count: Number(words[1]), wall, cpu });
        running = undefined;
      } else if (word === 'SKIP') result.skipped.set(name, words.join(' '));
      else if (word === 'PANIC') finish(text.trim());
      else if (word === 'DONE') finish();
    };
    let begun = moment(child.pid ?? process.pid);
    const receive = (chunk: Buffer): void => {
      if (over) return;
      result.startUp ??= now() - started;
      clearTimeout(timer);
      timer = setTimeout(hung, patience * 1000);
      if (rest === '') begun = moment(child.pid!);
      rest += chunk.toString('latin1');
      const lines = rest.split('\n');
      rest = lines.pop()!;
      for (const text of lines) if (!over) line(text, begun);
      if (lines.length > 0 && rest !== '') begun = moment(child.pid!);
    };
    child.stdout?.on('data', receive);
    server?.on('connection', (socket) => {
      socket.on('data', receive);
      socket.on('error', () => {}); // The engine ends, with or without a farewell.
    });
    child.stderr!.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString('latin1')).slice(-500);
    });
    child.on('error', (error) => finish(error.message));
    child.on('close', (code, signal) => finish(`ended early (${signal ?? code}) ${complaint.trim()}`.trim()));
  });
}

/** A point in time, by the clock and by each thread's processor time, in seconds. */
interface Moment {
  time: number;
  threads: Map<string, number>;
}

const moment = (pid: number): Moment => ({ time: now(), threads: threadTimes(pid) });

const now = (): number => Number(process.hrtime.bigint()) / 1e9;

/** Processor time in seconds of every thread of the process and its descendants. */
function threadTimes(pid: number): Map<string, number> {
  const times = new Map<string, number>();
  for (const process of descendants(pid)) {
    try {
      for (const thread of readdirSync(`/proc/${process}/task`)) {
        const spent = readFileSync(`/proc/${process}/task/${thread}/schedstat`, 'latin1');
        times.set(thread, Number(spent.split(' ')[0]) / 1e9);
      }
    } catch {
      // It ended while we looked.
    }
  }
  return times;
}

function descendants(pid: number): number[] {
  const found = [pid];
  for (const process of found) {
    try {
      for (const thread of readdirSync(`/proc/${process}/task`)) {
        const children = readFileSync(`/proc/${process}/task/${thread}/children`, 'latin1');
        found.push(...children.split(' ').filter(Boolean).map(Number));
      }
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

function busiest(before: Map<string, number>, after: Map<string, number>): number {
  let most = 0;
  for (const [thread, time] of after) most = Math.max(most, time - (before.get(thread) ?? 0));
  return most;
}

/** Ends what was started here: the process and its descendants, by their numbers. */
function endTree(pid: number): void {
  for (const process_ of descendants(pid).reverse()) {
    try {
      process.kill(process_, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
