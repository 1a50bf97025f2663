import { strict as assert } from 'node:assert';
import { fixture } from '../testing';
import { hover } from './hover';

/** The text of the hover at the cursor. */
function text(sources: string | Record<string, string>): string {
  const { workspace, path, position } = fixture(sources);
  const found = hover(workspace, path, position);
  return found ? (found.contents as { value: string }).value : '';
}

function check(sources: string | Record<string, string>, ...expect: RegExp[]): void {
  const found = text(sources);
  for (const pattern of expect) assert.match(found, pattern);
}

describe('hover on an instruction', () => {
  it('says what it does, its flags, forms, CPU and bytes', () => {
    check(
      'bits 64\n a|dd rax, 5\n',
      /Adds the source/,
      /add r64, r\/m64/,
      /writes OF SF ZF AF PF CF/,
      /CPU: x86-64/,
      /`48 83 C0 05` — `ADD r\/m64, imm8`, `o64 83 \/0 ib`/,
    );
  });
  it('says that CPUID always exits, and with which reason', () => {
    check(
      'bits 64\n cp|uid\n',
      /VMX non-root: \*\*always exits\*\* \(reason 10, CPUID\)/,
      /SVM guest: .*072h/,
    );
  });
  it('says on which control a conditional exit depends', () => {
    check('bits 64\n h|lt\n', /may exit\*\* \(reason 12/, /HLT exiting/, /ring 0 only/);
    check('bits 64\n rd|msr\n', /MSR bitmaps/, /reason 31/);
    check('bits 64\n i|n al, dx\n', /I\/O bitmaps/, /reason 30/);
  });
  it('looks at the operands: mov to CR3 is not mov from CR3', () => {
    check('bits 64\n m|ov cr3, rax\n', /CR3-load exiting/);
    check('bits 64\n m|ov rax, cr3\n', /CR3-store exiting/);
    check('bits 64\n m|ov rax, rbx\n', /VMX non-root: does not exit/);
  });
  it('knows instructions that do not exit', () => {
    check('bits 64\n x|or eax, eax\n', /clears OF CF|clears .*CF/, /does not exit/);
  });
  it('describes conditions and vector families', () => {
    check('bits 64\nx: j|nz x\n', /Jumps if not equal \(ZF = 0\)/, /reads ZF/);
    check('bits 64\n vadd|ps ymm0, ymm1, ymm2\n', /Adds packed single-precision/, /AVX/);
  });
});

describe('hover on a name', () => {
  it('of a label: value, section, comment', () => {
    check(
      'org 0x7c00\n nop\n; Start here.\nma|in: ret\n',
      /main: 0x7C01/,
      /section `\.text`/,
      /Start here\./,
      /main\.asm, line 4/,
    );
  });
  it('of a constant: its value in all notations', () => {
    check('K equ 0x41\n mov al, K|\n', /K equ 0x41/, /dec `65`/, /bin `0b0100_0001`/, /char `'A'`/);
  });
  it('of a field and a structure', () => {
    const s = 'struc s\n.a: resd 1\n.b: resq 2 ; bee\nendstruc\n mov eax, [s.b';
    check(`${s}|]\n`, /Field of `struc s` \(20 bytes\)/, /\+04, 16 bytes/, /bee/);
    check(`${s.replace('s.b', '|s.b')}]\n`, /struc s {2}; 20 bytes/, /\+04 {2}\.b/);
  });
  it('of a macro call: what it expands to, with its bytes', () => {
    check(
      'bits 64\n%macro two 1\n push %1\n pop %1\n%endmacro\n tw|o rax\n',
      /%macro two 1/,
      /push rax\npop rax/,
      /`50 58`/,
    );
  });
  it('of a single-line macro: text and value', () => {
    check('A equ 2\n%define N A*3\n db N|\n', /%define N A\*3/, /dec `6`/);
  });
});

describe('hover on the rest', () => {
  it('numbers, strings and expressions', () => {
    check(' mov eax, 0x1|0\n', /dec `16`/);
    check(" mov eax, 'A|B'\n", /String of 2 bytes/, /hex `0x4241`/);
    check('A equ 4\n mov eax, A *| 2 + 1\n', /= hex `0x9`/);
  });
  it('registers, directives, parameters', () => {
    check(' mov a|h, 1\n', /Bits 8–15 of rax/);
    check('%if|def X\n%endif\n', /single-line macro is defined/);
    check(' a|lign 8\n', /next multiple/);
    check('%macro m 1\n mov eax, %|1\n%endmacro\n', /parameter 1/);
  });
  it('says nothing about nothing', () => {
    assert.equal(text(' nop ; com|ment\n'), '');
    assert.equal(text('|\n'), '');
  });
});

describe('hover on what a picky reader looks at', () => {
  it('tells of the form at hand, once it is assembled', () => {
    check('bits 64\n m|ov cr3, rax\n', /Privileged: ring 0 only/, /leaves OF .* undefined/);
    check('bits 64\n m|ov ebx, eax\n', /Flags: unchanged/, /Exceptions: none/, /does not exit$/m);
    check('bits 64\n rep mov|sb\n', /reads rcx rdi rsi/, /#PF/, /by an EPT violation/);
    check('bits 64\n i|n al, dx\n', /CPL > IOPL/);
    assert.doesNotMatch(text('bits 64\n i|n al, dx\n'), /Privileged/);
  });
  it('knows decorators, attributes of sections, packages, old spellings', () => {
    check('bits 64\n vaddps zmm1{k1}{|z}, zmm2, [rax]{1to16}\n', /become 0/);
    check('bits 64\n vaddps zmm1{k1}{z}, zmm2, [rax]{1t|o16}\n', /for all 16/);
    check('bits 64\n vaddps zmm1, zmm2, zmm3, {r|z-sae}\n', /towards zero/);
    check('section .text al|ign=16\n', /multiple of this power of two/);
    check('section .te|xt\n nop\n', /At `0x0`, 1 bytes/);
    check('%use smart|align\n', /no-operations/);
    check('dd __LI|NE__\n', /number of the line/);
  });
  it('shows floating-point constants as bits, and the sign of numbers', () => {
    check(' dd 1|.5\n', /single `0x3FC00000`$/);
    check(' dq -1|.5\n', /double `0xBFF8000000000000`$/);
    check(' dq -|1\n', /dec `-1/);
    check(' dq 5-|1\n', /dec `1`/);
  });
  it('says where `$` and `$$` are', () => {
    check('org 0x7C00\n nop\n jmp |$\n', /`0x7C01`/);
    check('org 0x7C00\n nop\n dw |$$\n', /`0x7C00`/);
  });
  it('expands single-line macros with parameters, and does not guess which definition is in force', () => {
    check('%define SQ(x) ((x)*(x))\n dw S|Q(4)+1\n', /Expands to `\(\(4\)\*\(4\)\)`/, /dec `16`/);
    check('%define SQ(x) ((x)*(x))\n dw SQ(4) +| 1\n', /dec `17`/);
    check('%assign i 5\n%assign i i+1\n dw |i\n', /%assign i i\+1/, /One of 2 definitions/);
    assert.doesNotMatch(text('%assign i 5\n%assign i i+1\n dw |i\n'), /dec/);
  });
  it('names the file of an include', () => {
    check({ 'main.asm': '%include "a.|inc"\n', 'a.inc': 'x equ 1\n' }, /`\/w\/a\.inc`/, /8 bytes/);
    check('%include "no|ne.inc"\n', /No such file/);
  });
});
