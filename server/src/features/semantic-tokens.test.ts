import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { fixture } from '../testing';
import { LEGEND, SemanticTokensProvider } from './semantic-tokens';

// The same cases at every run; HYPERSTEP_SEED tries others.
fc.configureGlobal({ seed: Number(process.env['HYPERSTEP_SEED'] ?? 1) });

/** The words of a source with what they are painted as. */
function painted(source: string): string[] {
  const { workspace, path, texts } = fixture(source);
  const { data } = new SemanticTokensProvider(workspace).full(path);
  const lines = texts.get(path)!.split('\n');
  const words: string[] = [];
  let line = 0;
  let character = 0;
  for (let i = 0; i < data.length; i += 5) {
    line += data[i];
    character = data[i] === 0 ? character + data[i + 1] : data[i + 1];
    words.push(`${lines[line].slice(character, character + data[i + 2])}:${LEGEND.tokenTypes[data[i + 3]]}`);
  }
  return words;
}

describe('semantic tokens', () => {
  it('tell labels, constants, macros, fields and registers apart', () => {
    assert.deepEqual(
      painted(
        'K equ 1\n%macro m 1\n%endmacro\nstruc s\n.f: resd 1\nendstruc\nmain:\n.l: m K\n mov eax, [ebx+s.f]\n jmp .l\n',
      ).filter((w) => !/:(number|keyword)$/.test(w)),
      [
        'K:enumMember',
        'm:macro',
        's:struct',
        '.f:property',
        'main:function',
        '.l:label',
        'm:macro',
        'K:enumMember',
        'mov:mnemonic',
        'eax:register',
        'ebx:register',
        's:struct',
        '.f:property',
        'jmp:mnemonic',
        '.l:label',
      ],
    );
  });
  it('go on in joined lines', () => {
    assert.deepEqual(painted(' mov \\\n  eax, 1\n ret\n'), [
      'mov:mnemonic',
      'eax:register',
      '1:number',
      'ret:mnemonic',
    ]);
  });
  it('a delta turns the answer before into the one after, whatever was edited', () => {
    const lines = [
      'K equ 1',
      'main:',
      '.l: mov eax, K',
      ' jmp .l',
      '',
      '; note',
      '%macro m 0',
      ' nop',
      '%endmacro',
      ' m',
      'x \\',
      ' y',
    ];
    const edit = fc.record({
      from: fc.nat(14),
      count: fc.nat(3),
      fresh: fc.array(fc.constantFrom(...lines), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...lines), { minLength: 1, maxLength: 14 }),
        fc.array(edit, { maxLength: 4 }),
        (start, edits) => {
          const { workspace, path } = fixture(start.join('\n'));
          const provider = new SemanticTokensProvider(workspace);
          let answer = provider.full(path);
          let data = answer.data;
          for (const { from, count, fresh } of edits) {
            const document = workspace.document(path)!;
            const first = Math.min(from, document.lineCount - 1);
            const last = Math.min(first + count, document.lineCount - 1);
            const range = { start: { line: first, character: 0 }, end: { line: last, character: 0 } };
            document.update([{ range, text: fresh.map((l) => `${l}\n`).join('') }], 1);
            const delta = provider.delta(path, answer.resultId!);
            if ('edits' in delta) {
              for (const e of delta.edits)
                data = [...data.slice(0, e.start), ...(e.data ?? []), ...data.slice(e.start + e.deleteCount)];
              answer = { resultId: delta.resultId, data };
            } else answer = delta as typeof answer;
            const whole = new SemanticTokensProvider(workspace).full(path);
            assert.deepEqual(data, whole.data);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
  it('a range has the words of its lines', () => {
    const { workspace, path } = fixture('a: nop\nb: nop\nc: nop\n');
    const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 6 } };
    assert.equal(new SemanticTokensProvider(workspace).range(path, range).data.length, 10);
  });
});
