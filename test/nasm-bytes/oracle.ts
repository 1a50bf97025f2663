/** Asks the installed NASM for the bytes of many independent lines. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Is NASM installed? */
export function hasNasm(): boolean {
  return spawnSync('nasm', ['-v']).status === 0;
}

/** One answer a line: upper-case hex, or undefined with NASM's reason. */
export interface Answer {
  hex?: string;
  error?: string;
}

/**
 * Assembles the lines as one file; lines that NASM refuses are taken out and
 * the rest assembled again until nothing is refused.
 */
export function askNasm(bits: number, lines: readonly string[], head = ''): Answer[] {
  const dir = mkdtempSync(join(tmpdir(), 'nasm-bytes-'));
  const source = join(dir, 'a.asm');
  const listing = join(dir, 'a.lst');
  const binary = join(dir, 'a.bin');
  const prologue = `bits ${bits}\n${head}\n`;
  const first = prologue.split('\n').length;
  const answers: Answer[] = lines.map(() => ({}));
  try {
    for (let again = true; again; ) {
      again = false;
      const body = lines.map((line, i) => (answers[i].error === undefined ? line : '')).join('\n');
      writeFileSync(source, `${prologue}${body}\n`);
      const run = spawnSync('nasm', ['-f', 'bin', '-w-all', '-l', listing, '-o', binary, source], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      // A panic stands the other way round, "panic: file:line: …", and ends NASM.
      for (const m of run.stderr.matchAll(/a\.asm:(\d+): (?!warning|info)(?:(?:error|fatal): )?(.*)/g)) {
        const answer = answers[Number(m[1]) - first];
        if (answer === undefined) throw new Error(`NASM: ${m[0]}`);
        if (answer.error === undefined) again = true;
        answer.error ??= m[2];
      }
      if (!again && run.status !== 0) throw new Error(`NASM failed: ${run.stderr.slice(0, 400)}`);
    }
    const image = readFileSync(binary);
    const spans = new Map<number, [number, number]>();
    for (const line of readFileSync(listing, 'latin1').split('\n')) {
      const m = /^ *(\d+) ([0-9A-F]{8}) ([0-9A-F()[\]]+)/.exec(line);
      if (!m) continue;
      const length = m[3].replace(/[()[\]]/g, '').length / 2;
      const i = Number(m[1]) - first;
      const span = spans.get(i);
      if (span) span[1] += length;
      else spans.set(i, [Number.parseInt(m[2], 16), length]);
    }
    answers.forEach((answer, i) => {
      const span = spans.get(i);
      if (answer.error === undefined && span) {
        answer.hex = image
          .subarray(span[0], span[0] + span[1])
          .toString('hex')
          .toUpperCase();
      }
    });
    return answers;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
