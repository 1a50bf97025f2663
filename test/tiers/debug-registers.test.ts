import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@hyperstep/engine/testing';
import { bootUnderBochs, missingTools } from '../bochs/boot';
import { program } from './boot';
import { boot, lockStep } from './lockstep';

/** Code around a label `here`, and where #DB came from: `offset from here, DR6, RF as pushed, ECX`, in hexadecimal. */
interface Case {
  what: string;
  code: string;
  expected: Record<32 | 64, string[]>;
}

const both = (...lines: string[]): Case['expected'] => ({ 32: lines, 64: lines });

const CASES: readonly Case[] = [
  {
    what: 'on an instruction in a loop: before it, each time, and not again after the handler',
    code: `     dr      0, here
                dr      7, 0x402
                mov     ecx, 3
                jmp     here
                align   64
here:           inc     edx
                loop    here`,
    expected: both('0 1 0 3', '0 1 0 2', '0 1 0 1'),
  },
  {
    what: 'on data: after the instruction; on reads only where asked for; by length',
    code: `     dr      0, DATA                 ; 4 bytes, writes
                dr      1, DATA + 8             ; 1 byte, all accesses
                dr      7, 0x003d0405
                xor     ecx, ecx
here:           mov     eax, [DATA]
                mov     al, [DATA + 4]
                mov     [DATA], eax             ; DR0
                mov     [DATA + 4], eax
                mov     [DATA + 2], eax         ; DR0
                mov     ah, [DATA + 8]          ; DR1
                mov     ebx, [DATA + 6]         ; DR1
                inc     dword [DATA + 8]        ; DR1
                movzx   ebx, word [DATA + 9]`,
    expected: {
      32: ['f 1 0 0', '19 1 0 0', '1f 2 0 0', '25 2 0 0', '2b 2 0 0'],
      64: ['15 1 0 0', '23 1 0 0', '2a 2 0 0', '31 2 0 0', '38 2 0 0'],
    },
  },
  {
    what: 'on data in a repeated string instruction: after the iteration',
    code: `     dr      0, DATA + 6
                dr      7, 0x00010401
                mov     edi, DATA
                mov     ecx, 20
here:           rep     stosb
                nop`,
    expected: both('0 1 0 d'),
  },
  {
    what: 'on data together with a single step',
    code: `     dr      0, DATA
                dr      7, 0x00010401
                xor     ecx, ecx
                pushf
                or      dword [STACK - CELL], 0x100
                popf
here:           mov     byte [DATA], 1
                pushf
                and     dword [STACK - CELL], ~0x100
                popf
                nop`,
    expected: {
      32: ['7 4001 0 0', '8 4000 0 0', '12 4000 0 0', '13 4000 0 0'],
      64: ['8 4001 0 0', '9 4000 0 0', '14 4000 0 0', '15 4000 0 0'],
    },
  },
  {
    what: 'on data in MOV SS: after the next instruction; and no instruction breakpoint there',
    code: `     mov     word [DATA], 0x10
                dr      0, DATA
                dr      1, after
                dr      7, 0x00030405
                xor     ecx, ecx
here:           mov     ss, [DATA]
after:          nop
                nop`,
    expected: { 32: ['7 1 0 0'], 64: ['8 1 0 0'] },
  },
  {
    what: 'on a repeated string instruction: once',
    code: `       dr      0, here
                dr      7, 0x00000401
                mov     edi, DATA
                mov     ecx, 20
                jmp     here
here:           rep     stosb
                nop`,
    expected: both('0 1 0 14'),
  },
];

/** The cases one after the other; what the handler of #DB has noted is told on COM1. */
function guest(bits: 32 | 64, cases: readonly Case[]): { image: Uint8Array; symbol(name: string): number } {
  const [r, cell] = bits === 64 ? ['r', 8] : ['e', 4];
  const code = cases.map(({ code }, i) => {
    const labelled = code.replace(/\b(here|after)\b/g, `$1${i}`);
    return `    mov     dword [BASE], here${i}\n        ${labelled}\n        dr      7, 0x400`;
  });
  const body = `
CELL            equ     ${cell}
BASE            equ     COUNTS + 64
                mov     eax, debug
                mov     [IDT + ${bits === 64 ? 16 : 8}], ax
                shr     eax, 16
                mov     [IDT + ${bits === 64 ? 22 : 14}], ax
%macro to 2
                mov     edx, %1
                mov     al, %2
                out     dx, al
%endmacro
                to      0x3fb, 0x80             ; COM1: 115,200 baud, 8N1
                to      0x3f8, 1
                to      0x3f9, 0
                to      0x3fb, 3
%macro dr 2
                mov     eax, %2
                mov     dr%1, ${r}ax
%endmacro
${code.join('\n')}
                mov     esi, the_end
                call    say
recover:        jmp     done

; Tells its origin, clears DR6, returns with RF set.
debug:          push    ${r}ax
                push    ${r}bx
                push    ${r}cx
                push    ${r}dx
                push    ${r}si
                mov     ebx, [${r}sp + 5 * CELL]
                sub     ebx, [BASE]
                call    number
                mov     ${r}bx, dr6
                and     ebx, 0xe00f
                call    number
                mov     ebx, [${r}sp + 7 * CELL]
                shr     ebx, 16
                and     ebx, 1
                call    number
                mov     ebx, [${r}sp + 2 * CELL]
                call    number
                mov     al, 10
                call    put
                mov     eax, 0xffff0ff0
                mov     dr6, ${r}ax
                or      dword [${r}sp + 7 * CELL], 1 << 16
                pop     ${r}si
                pop     ${r}dx
                pop     ${r}cx
                pop     ${r}bx
                pop     ${r}ax
                iret${bits === 64 ? 'q' : ''}
; EBX in hexadecimal without leading zeros, and a space.
number:         mov     ecx, 28
.skip:          mov     eax, ebx
                shr     eax, cl
                jnz     .digits
                sub     ecx, 4
                ja      .skip
.digits:        mov     eax, ebx
                shr     eax, cl
                and     eax, 15
                add     al, '0'
                cmp     al, '9'
                jbe     .decimal
                add     al, 'a' - '9' - 1
.decimal:       call    put
                sub     ecx, 4
                jns     .digits
                mov     al, ' '
put:            push    ${r}ax
                mov     edx, 0x3fd
.wait:          in      al, dx
                test    al, 0x20
                jz      .wait
                pop     ${r}ax
                mov     edx, 0x3f8
                out     dx, al
                ret
say:            mov     al, [${r}si]
                inc     esi
                test    al, al
                jz      .end
                call    put
                jmp     say
.end:           ret
the_end:        db      'end', 10, 0
`;
  return program({ bits, body });
}

function text(bits: 32 | 64, cases: readonly Case[]): string {
  const lines = cases.flatMap((one) => one.expected[bits]);
  return [...lines.map((line) => `${line} \n`), 'end\n'].join('');
}

describe('breakpoints in DR0 to DR3', () => {
  const missing = missingTools();
  const without = missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : '';
  for (const bits of [64, 32] as const) {
    for (const one of CASES) {
      it(`${one.what}, ${bits}-bit`, () => {
        const { image } = guest(bits, [one]);
        const machines = boot(image);
        const said = machines.map(() => '');
        machines.forEach((machine, i) => {
          machine.serial.onTransmit = (byte: number) => void (said[i] += String.fromCharCode(byte));
        });
        assert.match(lockStep(machines, new Random(5), 100_000, 3), /"exit"/);
        for (const words of said) assert.equal(words, text(bits, [one]));
      });
    }

    it(`all of them under Bochs, ${bits}-bit${without}`, async function () {
      if (missing.length > 0) return this.skip();
      const dir = mkdtempSync(join(tmpdir(), 'hyperstep-dr-'));
      try {
        writeFileSync(join(dir, 'guest'), guest(bits, CASES).image);
        const said = await bootUnderBochs(join(dir, 'guest'), { until: 'end\n' });
        assert.equal(said, text(bits, CASES));
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    });
  }
});
