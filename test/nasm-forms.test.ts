/**
 * Every operand form of NASM's instruction table, in three modes: NASM's bytes
 * and refusals are recorded in nasm-bytes/forms.txt.gz, one line a statement as
 * in golden.txt. The lines were made from x86/insns.dat of NASM's source by
 * nasm-bytes/table.ts; HYPERSTEP_RECORD=1 HYPERSTEP_INSNS=…/insns.dat makes them anew.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { assemble } from '../assembler/src';
import { askNasm, hasNasm } from './nasm-bytes/oracle';
import { linesOfTable } from './nasm-bytes/table';

const modes = [16, 32, 64] as const;
const file = join(process.env['HYPERSTEP_ROOT'] ?? process.cwd(), 'test/nasm-bytes/forms.txt.gz');

/** Differences of docs/dialect.md: instructions that NASM 2.16.01 gives garbage, and our extensions. */
const differences =
  /vreducesh|vcmp[ps]h k1,\w+,byte 5|vcmp[ps]h k1,word \[esi\+64\],byte 5|vpmaskmov[dq] \w+ \[esi\+64\],[xy]mm3$|vcvtps2ph .*\],zmm2,\{sae\}|\{vex3?\} vpdp(bus|wss)d|mm17|^o64 /;

/** The address of the line is in its bytes. */
function placed(text: string, bits: number): boolean {
  return /\[rel .*\$/.test(text) && (bits !== 64 || text.includes('bnd'));
}

/** All lines with NASM's bytes in 16-, 32- and 64-bit mode; `-` refused, `"` the same as before, `?` not compared. */
function record(texts: string[]): string {
  const answers = modes.map((bits) => {
    const all = [];
    for (let i = 0; i < texts.length; i += 6000) all.push(...askNasm(bits, texts.slice(i, i + 6000)));
    return all;
  });
  return texts
    .map((text, i) => {
      const columns = modes.map((bits, m) => (placed(text, bits) ? '?' : (answers[m][i].hex ?? '-')));
      return [text, ...columns.map((c, m) => (m > 0 && c === columns[m - 1] ? '"' : c))].join('\t');
    })
    .join('\n')
    .concat('\n');
}

function recorded(): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  if (!existsSync(file)) return lines;
  for (const line of gunzipSync(readFileSync(file)).toString().split('\n')) {
    if (line === '') continue;
    const [text, ...columns] = line.split('\t');
    for (let m = 1; m < columns.length; m++) if (columns[m] === '"') columns[m] = columns[m - 1];
    lines.set(text, columns);
  }
  return lines;
}

/** Assembles some lines as one source: the bytes of each, and the lines in error. */
function assembled(bits: number, texts: string[]): { bytes: string[]; errors: Map<number, string> } {
  const source = new TextEncoder().encode([`bits ${bits}`, ...texts].join('\n'));
  const { image, map, diagnostics } = assemble({ main: '/a.asm', files: { read: () => source } });
  const errors = new Map<number, string>();
  for (const d of diagnostics) if (d.severity === 'error') errors.set(d.range.line - 2, d.message);
  const bytes = texts.map(() => '');
  for (const line of image ? map.lines : []) {
    const part = Buffer.from(image!.subarray(line.fileOffset, line.fileOffset + line.length));
    bytes[line.line - 2] += part.toString('hex').toUpperCase();
  }
  return { bytes, errors };
}

/** In portions, so that no more errors are made than diagnostics are kept. */
function* portions<T>(all: T[], size: number): Generator<T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size);
}

describe("every operand form of NASM's table", () => {
  const table = process.env['HYPERSTEP_INSNS'];
  if (process.env['HYPERSTEP_RECORD'] && table) {
    const lines = linesOfTable(readFileSync(table, 'utf8'), { deepEvery: 12, deepEveryVector: 80 });
    writeFileSync(file, gzipSync(record(lines), { level: 9 }));
  }
  const golden = recorded();

  it('is recorded', () => {
    assert.ok(golden.size > 75_000, `${golden.size} lines`);
  });

  for (const [m, bits] of modes.entries()) {
    const usable = [...golden].filter(([text, c]) => c[m] !== '?' && !differences.test(text));

    it(`has NASM's bytes in ${bits}-bit mode`, function () {
      this.timeout(300_000);
      const wrong: string[] = [];
      const accepted = usable.filter(([, c]) => c[m] !== '-');
      for (const some of portions(accepted, 900)) {
        const { bytes, errors } = assembled(
          bits,
          some.map(([text]) => text),
        );
        some.forEach(([text, c], i) => {
          if (errors.has(i)) wrong.push(`${text}: NASM ${c[m]}, ours: ${errors.get(i)}`);
          else if (errors.size === 0 && bytes[i] !== c[m])
            wrong.push(`${text}: NASM ${c[m]}, ours ${bytes[i]}`);
        });
      }
      assert.deepEqual(wrong.slice(0, 50), []);
      assert.ok(accepted.length > 30_000, `${accepted.length} lines`);
    });

    it(`is refused where NASM refuses it in ${bits}-bit mode`, function () {
      this.timeout(300_000);
      const wrong: string[] = [];
      for (const some of portions(
        usable.filter(([, c]) => c[m] === '-').map(([text]) => text),
        900,
      )) {
        const { errors } = assembled(bits, some);
        wrong.push(...some.filter((_, i) => !errors.has(i)));
      }
      assert.deepEqual(wrong.slice(0, 50), []);
    });
  }

  it('the record is what the installed NASM says (needs nasm)', function () {
    if (!hasNasm()) this.skip();
    this.timeout(600_000);
    if (record([...golden.keys()]) !== gunzipSync(readFileSync(file)).toString())
      assert.fail('forms.txt.gz differs from NASM; run with HYPERSTEP_RECORD=1');
  });
});
