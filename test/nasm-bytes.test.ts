/**
 * The encoder's witness: NASM's bytes for some 8,000 lines in three modes are
 * recorded in nasm-bytes/golden.txt, and our encoder gives the same bytes, or
 * refuses as NASM does. Where NASM is installed the record itself is checked.
 * `HYPERSTEP_RECORD=1` writes it anew.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '../assembler/src';
import { encode, type InstructionStatement } from '../assembler/src/encode';
import { cases } from './nasm-bytes/cases';
import { askNasm, hasNasm } from './nasm-bytes/oracle';
import { here, labelSource, print } from './nasm-bytes/print';

const modes = [16, 32, 64] as const;
const file = join(process.env['HYPERSTEP_ROOT'] ?? process.cwd(), 'test/nasm-bytes/golden.txt');

const statements = new Map<string, InstructionStatement>();
for (const statement of cases()) statements.set(print(statement), statement);

/** Outside 64-bit mode `rel` is an absolute address, which depends on where NASM's copy of the line stands. */
function comparable(text: string, bits: number): boolean {
  return bits === 64 || !/\[rel .*\$/.test(text);
}

/** One line a statement: text, then the bytes in 16-, 32- and 64-bit mode; `-` refused, `"` the same as before, `?` not compared. */
function record(): string {
  const texts = [...statements.keys()];
  const answers = modes.map((bits) => askNasm(bits, texts, labelSource));
  return texts
    .map((text, i) => {
      const columns = modes.map((bits, m) => (comparable(text, bits) ? (answers[m][i].hex ?? '-') : '?'));
      return [text, ...columns.map((c, m) => (m > 0 && c === columns[m - 1] ? '"' : c))].join('\t');
    })
    .join('\n')
    .concat('\n');
}

function golden(): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const [text, ...columns] = line.split('\t');
    for (let m = 1; m < columns.length; m++) if (columns[m] === '"') columns[m] = columns[m - 1];
    lines.set(text, columns);
  }
  return lines;
}

function ours(statement: InstructionStatement, bits: 16 | 32 | 64): string {
  const result = encode(statement, { bits, address: here, defaultRel: false, minimumBranch: 'short' });
  return result.ok ? Buffer.from(result.encoding.bytes).toString('hex').toUpperCase() : '-';
}

describe("instruction encoding against NASM's bytes", () => {
  if (process.env['HYPERSTEP_RECORD']) writeFileSync(file, record());
  const recorded = existsSync(file) ? golden() : new Map<string, string[]>();

  it('covers at least 3,000 lines, each in three modes', () => {
    assert.ok(statements.size >= 3000, `${statements.size} lines`);
    assert.deepEqual([...recorded.keys()], [...statements.keys()]);
  });

  for (const [m, bits] of modes.entries()) {
    it(`gives NASM's bytes, or refuses with NASM, in ${bits}-bit mode`, () => {
      const wrong: string[] = [];
      for (const [text, statement] of statements) {
        const expected = recorded.get(text)?.[m];
        if (expected === '?') continue;
        const actual = ours(statement, bits);
        if (actual !== expected) wrong.push(`${text}: NASM ${expected}, ours ${actual}`);
      }
      assert.deepEqual(wrong, []);
    });
  }

  for (const [m, bits] of modes.entries()) {
    it(`gives them through the whole assembler too, in ${bits}-bit mode`, () => {
      const prologue = `bits ${bits}\n${labelSource}\n`;
      const texts = [...recorded.keys()];
      const usable = (text: string) => {
        return /^[0-9A-F]/.test(recorded.get(text)?.[m] ?? '-');
      };
      const source = new TextEncoder().encode(prologue + texts.map((t) => (usable(t) ? t : '')).join('\n'));
      const { image, map, diagnostics } = assemble({ main: '/a.asm', files: { read: () => source } });
      const errors = diagnostics.filter((d) => d.severity === 'error');
      assert.deepEqual(
        errors.map((d) => `${d.range.line}: ${d.message}`),
        [],
      );
      const first = prologue.split('\n').length;
      let compared = 0;
      for (const line of map.lines) {
        const text = texts[line.line - first];
        if (text === undefined || !image) continue;
        const actual = Buffer.from(image.subarray(line.fileOffset, line.fileOffset + line.length));
        assert.equal(actual.toString('hex').toUpperCase(), recorded.get(text)?.[m], text);
        compared++;
      }
      assert.ok(compared > 3000, `${compared} lines compared`);
    });
  }

  it('the record is what the installed NASM says (needs nasm)', function () {
    if (!hasNasm()) {
      this.skip();
    }
    const now = record();
    if (now !== readFileSync(file, 'utf8'))
      assert.fail('golden.txt differs from NASM; run with HYPERSTEP_RECORD=1');
  });
});
