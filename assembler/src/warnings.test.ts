/** Every golden snippet that NASM takes gets NASM's warnings: the same classes on the same lines, and nothing else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from './assemble';
import { Warnings } from './warnings';

const folder = join(process.env.HYPERSTEP_ROOT ?? process.cwd(), 'assembler/golden');
const hasNasm = spawnSync('nasm', ['-v']).status === 0;

/** Snippets where we differ; docs/dialect.md says why. */
const DIFFERENT: ReadonlySet<string> = new Set(['empty-braces', 'data-lists']);

function ours(source: string): string[] {
  const bytes = new TextEncoder().encode(source);
  const { diagnostics } = assemble({
    main: '/s.asm',
    files: { read: (p) => (p === '/s.asm' ? bytes : undefined) },
  });
  const lines = diagnostics.map((d) => {
    const calls = d.related.filter((r) => r.macro);
    return { line: d.named?.line ?? (calls.at(-1)?.range ?? d.range).line, warning: d.warning };
  });
  return [...new Set(lines.filter((d) => d.warning).map((d) => `${d.line} ${d.warning}`))].sort();
}

function nasm(scratch: string, source: string): string[] | undefined {
  writeFileSync(join(scratch, 's.asm'), source);
  const run = spawnSync('nasm', ['-f', 'bin', '-o', 'o', 's.asm'], { cwd: scratch, encoding: 'latin1' });
  if (run.status !== 0) return undefined;
  const found = [...run.stderr.matchAll(/^.*?:(\d+): warning: .* \[-w\+([\w-]+)\]$/gm)];
  return [...new Set(found.map((m) => `${m[1]} ${m[2]}`))].sort();
}

describe('assembler: warnings beside nasm', () => {
  for (const file of readdirSync(folder).filter((f) => f.endsWith('.txt'))) {
    it(file, function () {
      if (!hasNasm) this.skip();
      this.timeout(60_000);
      const scratch = mkdtempSync(join(tmpdir(), 'hyperstep-warnings-'));
      try {
        const [we, they]: [Record<string, string[]>, Record<string, string[]>] = [{}, {}];
        for (const block of readFileSync(join(folder, file), 'utf8').split(/^=== /m).slice(1)) {
          const [, name, source] = /^(.*)\n([\s\S]*)^--- /m.exec(block)!;
          const theirs = DIFFERENT.has(name) ? undefined : nasm(scratch, source);
          if (!theirs) continue;
          they[name] = theirs;
          we[name] = ours(source);
        }
        assert.deepEqual(we, they);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    });
  }
});

describe('assembler: classes of warnings', () => {
  const fates = (warnings: Warnings, names: string): string =>
    names
      .split(' ')
      .map((n) => warnings.fate(n))
      .join(' ');

  it('begin as NASM has them', () => {
    const names = 'number-overflow float-denorm label-redef-late pp-macro-def-param-single other';
    assert.equal(fates(new Warnings(), names), 'on off error error on');
  });

  it('go by groups, older names and signs', () => {
    assert.equal(fates(new Warnings(['-pp']), 'pp-trailing pp-macro-redef-multi user'), 'off off on');
    assert.equal(fates(new Warnings(['no-orphan-labels', '+float']), 'label-orphan float-denorm'), 'off on');
    assert.equal(fates(new Warnings(['error', '-error=user']), 'zeroing user float-denorm'), 'error on off');
    assert.equal(fates(new Warnings(['none', 'all']), 'user phase'), 'on on');
    assert.equal(new Warnings().set('+no-such-class'), false);
  });

  it('come back by *, pop and a new beginning', () => {
    const warnings = new Warnings(['-user']);
    warnings.set('+user');
    warnings.set('*user');
    assert.equal(warnings.fate('user'), 'off');
    warnings.push();
    warnings.set('-all');
    assert.ok(warnings.pop());
    assert.equal(warnings.fate('other'), 'on');
    warnings.set('-all');
    assert.equal(warnings.pop(), false);
    assert.equal(warnings.fate('other'), 'on');
    warnings.set('-all');
    warnings.begin();
    assert.equal(fates(warnings, 'other user'), 'on off');
  });

  it('as an error, a warning leaves no image and keeps its class', () => {
    const bytes = new TextEncoder().encode('[warning error=number-overflow]\ndb 300\n');
    const result = assemble({ main: '/s.asm', files: { read: () => bytes } });
    assert.equal(result.image, undefined);
    assert.deepEqual(
      result.diagnostics.map((d) => [d.severity, d.warning]),
      [['error', 'number-overflow']],
    );
  });
});
