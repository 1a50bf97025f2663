import assert from 'node:assert/strict';
import { assemble } from '../../assemble';

function errors(source: string, format: 'elf64' | 'elf32' = 'elf64'): string[] {
  const bytes = new TextEncoder().encode(source);
  const { diagnostics } = assemble({ main: 'a.asm', files: { read: () => bytes }, format, debug: true });
  return diagnostics.filter((d) => d.severity === 'error').map((d) => `${d.range.line} ${d.code}`);
}

describe('ELF objects', () => {
  it('take names of every kind', () => {
    const source =
      'section constructor\nsection toString valueOf\nglobal hasOwnProperty\nhasOwnProperty: nop\nextern __proto__\n dq __proto__\n';
    assert.deepEqual(errors(source), []);
  });

  it('say what a relocation cannot express', () => {
    assert.deepEqual(errors('extern e\n dq e wrt ..plt\n dd e wrt ..gotoff\n dt e\n'), [
      '2 relocation-unsupported',
      '3 relocation-unsupported',
      '4 data-size',
    ]);
    assert.deepEqual(errors('section .data\nx: dd 1\nsection .text\n mov rax, [rel x wrt ..got]\n'), [
      '4 relocation-unsupported',
    ]);
  });

  it('know no directives of flat binaries', () => {
    assert.deepEqual(errors('[org 5]\n[map all x]\n'), ['1 directive-unknown', '2 directive-unknown']);
  });

  it('complain about attributes', () => {
    assert.deepEqual(errors('section a align=3\nsection b align=\nsection .symtab\nsection c merge\n'), [
      '1 align-invalid',
      '2 section-attribute',
      '3 section-attribute',
      '4 section-attribute',
    ]);
  });

  it('keep a reference through the PLT inside one section', () => {
    assert.deepEqual(errors('global f\nf: ret\n call f wrt ..plt\n'), []);
  });

  it('warn about 64-bit addresses in i386 objects', () => {
    const bytes = new TextEncoder().encode('x: dq x\n');
    const { diagnostics } = assemble({ main: 'a.asm', files: { read: () => bytes }, format: 'elf32' });
    assert.deepEqual(
      diagnostics.map((d) => [d.severity, d.code]),
      [['warning', 'relocation-extended']],
    );
  });
});
