import assert from 'node:assert/strict';
import type { AssembleOptions } from '../api';
import { assemble } from '../assemble';

/** Everything that is seen of an assembly; with `trace` no pass runs on a recording. */
function seen(text: string, trace: boolean) {
  const data = new TextEncoder().encode(text);
  const options: AssembleOptions = {
    main: '/a.asm',
    files: { read: (path) => (path === '/a.asm' ? data : undefined) },
    ...(trace ? { trace: () => {} } : {}),
  };
  const { image, diagnostics, map } = assemble(options);
  return {
    image: image && Buffer.from(image).toString('hex'),
    diagnostics: diagnostics.map((d) => [d.severity, d.code, d.range.line, d.message]),
    lines: map.lines,
    symbols: map.symbols,
    sections: map.sections,
  };
}

function same(text: string): void {
  assert.deepEqual(seen(text, false), seen(text, true), text);
}

/** A jump that has to grow: what stands below moves in the passes after the first. */
const MOVING = 'jmp below\ntimes 200 nop\nbelow:\n';

const PROGRAMS: Record<string, string> = {
  'data with symbols above and below': 'dd a, b+4, 7\na: dw b-2, "xy"\nb: dq a, b, 3\ndb $-b',
  'data behind code that moves': `${MOVING}a: dd a, below, end\ndb "text", 0\nend: dq end + 2*8 - 1`,
  'addresses above 4 GiB': 'bits 64\norg 0xffffffff80000000\na: dq a, b\ndd b\nb:',
  'numbers of `equ`': 'N equ 5\ndb N, N+1\ndw N*2\ndd N-6\ndq M\nM equ -3',
  'a number that does not fit': 'N equ 300\ndb N\na: dd a',
  'a number that does not fit, known late': 'db N\na: dd a\nN equ 300',
  lengths: `a: db "text"\nA equ $-a\n${MOVING}b: db "more"\nB equ $-b\ndb A, B\ntimes B nop`,
  'the length of another section': 'section a\nx: db 1\nsection b\ny: db 2\nY equ $-y\ndd Y',
  calls: `bits 32\ncall a\n${MOVING}a: call b+2\ncall below\nb: ret`,
  'calls in 16 bits': `call a\n${MOVING}a: call below\nret`,
  'calls to a number and to another section':
    'bits 32\nN equ 0x1000\ncall N\nsection b\nf: call g\nsection c\ng: call f',
  'prefixed calls and jumps': 'bits 32\na: o16 call a\nbnd jmp a\nbnd call a\njmp strict near a\njmp short a',
  'jumps to another section': 'bits 64\nx: jmp y\njz x\nsection b\ny: jmp x\njnz y',
  'jumps of both forms, in all modes': [16, 32, 64]
    .map((b) => `bits ${b}\n.a${b}: jc .b${b}\njmp .b${b}\ntimes 120 nop\njnc .a${b}\n.b${b}: jmp .a${b}+1\n`)
    .join(''),
  'sizes that depend on numbers': `bits 64\nS equ 8\nmov eax, [rbx+S]\nmov eax, [rbx+T]\n${MOVING}T equ 200\nadd rax, T`,
  'sizes that depend on distances': `bits 64\nmov eax, [rbx+end-below]\nlea rax, [rel below]\n${MOVING}times 100 nop\nend:`,
  'local labels': 'f: jmp .x\n.x: dd .x, f.x\ng: call .x\n.x: dw .x-2\n.L equ $-.x\ndb .L',
  macros: `%macro m 1\n%%a: dd %%a, %1\ncall %%a\njmp %1\n%%l equ $-%%a\ndb %%l\n%endmacro\nbits 32\nx: m x\nm y\n${MOVING}y: m x`,
  'what asks of the preprocessor': `a: dd b\n%if $-a > 3\n${MOVING}%endif\nb: times 20-(b-a) db 0\ndd b`,
  'a struc':
    'struc s\n.a: resd 1\n.b: resq 1\nendstruc\nbits 64\nmov rax, [rdi+s.b]\ndd s.b, s_size\nistruc s\nat .a, dd x\niend\nx:',
  bss: 'section .bss\na: resb 8\nb: resd 2\nsection .text\nbits 32\nmov eax, [b]\ndd a, b+4\ncall b',
  'undefined symbols': 'dd nowhere\ncall there\nL equ $-gone\njmp away',
  'a symbol defined twice': 'a: dd a\na: call a\nb equ $-a\nb equ 7',
};

describe('the last pass on a recording', () => {
  for (const [what, text] of Object.entries(PROGRAMS))
    it(`gives what a whole pass gives: ${what}`, () => same(text));

  it('gives what a whole pass gives for any mixture of them', () => {
    const pieces = Object.values(PROGRAMS);
    for (let i = 0; i < pieces.length; i++) {
      const other = pieces[(i * 7 + 3) % pieces.length];
      same(`${pieces[i]}\nsection .data\nfirst: dd first\n${other}`);
    }
  });
});
