import { strict as assert } from 'node:assert';
import { assemble } from '@hyperstep/assembler';
import * as fc from 'fast-check';
import { applied, fixture } from '../testing';
import { formatDocument, formatOnType, formatRange } from './formatting';

// The same cases at every run; HYPERSTEP_SEED tries others.
fc.configureGlobal({ seed: Number(process.env['HYPERSTEP_SEED'] ?? 1) });

function formatted(source: string): string {
  const { workspace, path, texts } = fixture(source.replaceAll('|', '||'));
  return applied(texts.get(path)!, formatDocument(workspace, path));
}

function check(source: string, expect: string): void {
  assert.equal(formatted(source), expect);
  assert.equal(formatted(expect), expect, 'a second time changes nothing');
}

function image(source: string): string {
  const data = new TextEncoder().encode(source);
  const { image } = assemble({ main: '/a.asm', files: { read: (p) => (p === '/a.asm' ? data : undefined) } });
  return Buffer.from(image ?? []).toString('hex');
}

describe('formatting', () => {
  it('aligns instructions, operands and comments', () => {
    check(
      'start: ; go\n  mov eax,1 ; one\n\tint   0x80;call\n',
      'start:                                  ; go\n        mov     eax, 1                  ; one\n        int     0x80                    ;call\n',
    );
  });
  it('keeps strings, blanks inside operands and tables as they are', () => {
    check(" db 'a;  b' ,1\n", "        db      'a;  b' , 1\n");
    check('        entry   1,   22,  "x"\n', '        entry   1,   22,  "x"\n');
  });
  it('lines up constants with their neighbours', () => {
    check('A equ 1\nLONG equ 2 ; two\n', 'A       equ 1\nLONG    equ 2                           ; two\n');
    check('A               equ 1\nLONG equ 2\n', 'A               equ 1\nLONG            equ 2\n');
  });
  it('keeps fields indented, directives at the margin, prefixes together', () => {
    check(
      'struc s\n    .a resd 1\nendstruc\n rep   movsb\n',
      'struc s\n        .a      resd 1\nendstruc\n        rep movsb\n',
    );
    check('section .text\n', 'section .text\n');
  });
  it('leaves preprocessor lines and joined lines alone', () => {
    check('  %if  1\n%define x \\\n   5\n  %endif   \n', '  %if  1\n%define x \\\n   5\n  %endif\n');
  });
  it('formats a range, and the line just typed', () => {
    const { workspace, path, texts } = fixture(' nop\n ret\n hlt\n');
    assert.equal(applied(texts.get(path)!, formatRange(workspace, path, 1, 1)), ' nop\n        ret\n hlt\n');
    assert.equal(applied(texts.get(path)!, formatOnType(workspace, path, 1)), '        nop\n ret\n hlt\n');
  });
  it('has nothing to do a second time where columns depend on each other', () => {
    for (const source of [
      '        );\n      end;',
      '    __tags : word;\n    __eip : dword;',
      '  a_label_of_thirty_characters_x: 0..1;\n  a_label_of_twenty_six_char: 0..1;',
    ]) {
      const once = formatted(source);
      assert.equal(formatted(once), once);
    }
  });
  it('never changes what a source assembles to, and is idempotent', () => {
    const word = fc.constantFrom(
      'mov',
      'a:',
      '.b',
      'eax',
      ',',
      '1',
      '[',
      ']',
      'db',
      '"x, y"',
      ';c',
      'equ',
      'K',
      'rep',
      'movsb',
      'times',
      '3',
      'section',
      '.data',
      '%if 1',
      '%endif',
      '%define',
      'lock',
      'add',
      'struc',
      's',
      'endstruc',
      'at',
      '\\',
      '+',
      "';'",
    );
    const gap = fc.constantFrom(' ', '  ', '\t', '', '        ');
    const line = fc.array(fc.tuple(gap, word), { maxLength: 7 }).map((parts) => parts.flat().join(''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const source = lines.join('\n');
        const once = formatted(source);
        assert.equal(formatted(once), once, `not idempotent: ${JSON.stringify(source)}`);
        assert.equal(image(once), image(source), `other bytes: ${JSON.stringify(source)}`);
      }),
      { numRuns: 400 },
    );
  });
});
