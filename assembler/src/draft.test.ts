import { strict as assert } from 'node:assert';
import type { AssembleOptions } from './api';
import { assemble } from './assemble';
import { assembleDraft, draftInSteps } from './draft';

function options(text: string): AssembleOptions {
  const data = new TextEncoder().encode(text);
  return { main: '/a.asm', files: { read: (p) => (p === '/a.asm' ? data : undefined) } };
}

const text = (line: string) =>
  `bits 64\norg 0x1000\nK equ 4\nstart: jmp far_away\n${line}\n.loop: dec ecx\n jnz .loop\ntimes K * 20 nop\nfar_away: ret\n`;

describe('draft', () => {
  it('says about a changed instruction what a whole assembly says', () => {
    let result = assemble(options(text(' mov eax, 1')));
    for (const line of [
      ' mov rax, bl',
      ' mov eax, [',
      ' mov eax, nowhere',
      ' mov eax, K',
      ' nop',
      ' xor eax, eax',
      ' foo 1, 2',
    ]) {
      const draft = assembleDraft(options(text(line)), result);
      const whole = assemble(options(text(line)));
      if (draft) {
        assert.deepEqual(
          draft.diagnostics.map((d) => [d.code, d.range.line, d.message]),
          whole.diagnostics.map((d) => [d.code, d.range.line, d.message]),
          line,
        );
        assert.equal(draft.image, undefined);
      } else assert.match(line, /foo/, `${line}: only a new label needs more than a draft`);
      result = draft ?? whole;
    }
  });

  it('gives up where symbols come or go, and uses up the earlier result', () => {
    const result = assemble(options(text(' nop')));
    assert.equal(assembleDraft(options(text('fresh: nop')), result), undefined);
    assert.equal(assembleDraft(options(text(' nop')), result), undefined);
  });

  it('may be left unfinished and begun again', () => {
    const long = (line: string) => text(`${line}\n%rep 30000\n lea eax, [rbx + K]\n%endrep`);
    const before = assemble(options(long(' nop')));
    const left = draftInSteps(options(long(' mov al, bx')), before);
    for (let i = 0; i < 3; i++) assert.equal(left.next().done, false);
    left.return(undefined);
    const draft = assembleDraft(options(long(' mov eax, nowhere')), before)!;
    assert.deepEqual(
      draft.diagnostics.map((d) => d.code),
      ['symbol-undefined'],
    );
    assert.deepEqual(
      draft.map.symbols.map((s) => s.value),
      assemble(options(long(' mov eax, nowhere'))).map.symbols.map((s) => s.value),
    );
  });

  it('knows addresses and bytes', () => {
    const draft = assembleDraft(options(text(' push rax')), assemble(options(text(' nop'))))!;
    const entry = draft.map.lines.find((l) => l.line === 5)!;
    assert.equal(Buffer.from(draft.bytesOf(entry)!).toString('hex'), '50');
    assert.equal(draft.map.symbols.find((s) => s.name === 'start')?.value, 0x1000n);
  });
});
