/**
 * Inputs assembled by NASM and by us: `npm run fuzz -- --nasm --inputs N --seed S [--from I] [--corpus FOLDER]`.
 * Lines that NASM complains about are taken out before, so that most inputs are sound. A finding, reduced to
 * the lines that matter, is an output that differs or an input that only one of the two accepts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../assembler/src/cli/run';
import { sourceOf } from './campaign';
import { Random, seedOf } from './random';
import { FILES } from './targets';

/** What became of a source: bytes, or why there are none. */
interface Outcome {
  bytes?: Buffer;
  text: string;
}

const FORMATS = ['bin', 'bin', 'elf64', 'elf32'] as const;
type Format = (typeof FORMATS)[number];

/** Rounds of taking out what NASM complains about. */
const REPAIRS = 4;
/** Milliseconds NASM may take. */
const LIMIT = 3000;
/** Files of 10 MB and a gigabyte of memory at most. */
const BOUNDS = 'ulimit -f 20480; ulimit -v 1000000';
/** Longest source. */
const LONGEST = 2500;

/** Texts of complaints whose lines may differ from ours: limits, and what docs/dialect.md lists. */
const BESIDES = /internal|panic|limit|%fatal|unable to open/;

/** Compares the two on inputs. */
export class BesideNasm {
  readonly #folder = mkdtempSync(join(tmpdir(), 'hyperstep-fuzz-'));
  compared = 0;

  constructor() {
    for (const [path, bytes] of Object.entries(FILES)) writeFileSync(join(this.#folder, path), bytes);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #nasm(source: string, format: Format): Outcome | undefined {
    const output = join(this.#folder, 'out');
    rmSync(output, { force: true });
    writeFileSync(join(this.#folder, 'main.asm'), source);
    const { status, stderr } = spawnSync('sh', ['-c', `${BOUNDS}; exec nasm -f ${format} -o out main.asm`], {
      cwd: this.#folder,
      encoding: 'latin1',
      timeout: LIMIT,
      killSignal: 'SIGKILL',
    });
    if (status === null || status > 1 || BESIDES.test(stderr)) return undefined;
    return status === 0 ? { bytes: readFileSync(output), text: stderr } : { text: stderr };
  }

  #ours(source: string, format: Format): Outcome {
    let text = '';
    let bytes: Buffer | undefined;
    const data = new TextEncoder().encode(source);
    const code = run(['-f', format, '-o', 'out', 'main.asm'], {
      read: (path) => (path === 'main.asm' ? data : FILES[`/${path.replace('./', '')}`]),
      write: (path, content) => {
        if (path === 'out') bytes = Buffer.from(content as Uint8Array);
        return true;
      },
      remove: () => {},
      stdout: () => {},
      stderr: (s) => {
        text += s;
      },
      now: new Date(0),
      folder: this.#folder,
      environment: {},
    });
    return code === 0 ? { bytes, text } : { text };
  }

  /** How the two differ about a source. */
  differs(source: string, format: Format): string | undefined {
    const theirs = this.#nasm(source, format);
    if (!theirs) return undefined;
    const ours = this.#ours(source, format);
    if (/limit|more than \d|expand to/.test(ours.text)) return undefined;
    const first = (text: string) => text.split('\n').find((l) => l.includes('error')) ?? '';
    if (!theirs.bytes && !ours.bytes) return undefined;
    if (!ours.bytes) return `only NASM accepts it: ${first(ours.text)}`;
    if (!theirs.bytes) return `NASM refuses it: ${first(theirs.text)}`;
    return ours.bytes.equals(theirs.bytes) ? undefined : 'other bytes';
  }

  /** Without the lines NASM complains about. */
  #repaired(source: string, format: Format): string {
    let text = source;
    for (let round = 0; round < REPAIRS; round++) {
      const theirs = this.#nasm(text, format);
      if (!theirs || theirs.bytes) break;
      const bad = new Set([...theirs.text.matchAll(/^main\.asm:(\d+): error/gm)].map((m) => Number(m[1])));
      if (bad.size === 0) break;
      text = text
        .split('\n')
        .filter((_, i) => !bad.has(i + 1))
        .join('\n');
    }
    return text;
  }

  /** Leaves out lines as long as the two differ in the same way. */
  #reduced(source: string, format: Format, how: string): string {
    const kind = how.split(':')[0];
    let lines = source.split('\n');
    for (let size = lines.length >> 1; size >= 1; size >>= 1) {
      for (let i = 0; i + size <= lines.length; ) {
        const fewer = [...lines.slice(0, i), ...lines.slice(i + size)];
        if (this.differs(fewer.join('\n'), format)?.split(':')[0] === kind) lines = fewer;
        else i += size;
      }
    }
    return lines.join('\n');
  }

  /** Compares the two on one input. */
  attempt(seed: number, index: number, sources: readonly string[]): string | undefined {
    const random = new Random(seedOf(~seed, index));
    const format = random.pick(FORMATS);
    const source = sourceOf(seed, index, sources).slice(0, LONGEST).replaceAll('\0', ' ');
    const sound = this.#repaired(source, format);
    this.compared++;
    const how = this.differs(sound, format);
    if (how === undefined) return undefined;
    const least = this.#reduced(sound, format, how);
    return `${format}: ${this.differs(least, format)}\n${least.replaceAll(/^/gm, '    ')}`;
  }
}
