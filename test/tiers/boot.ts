import { assemble } from '@hyperstep/assembler';

/** What a test program stands on. */
export interface Frame {
  bits: 32 | 64;
  /** PIT reload value of the periodic interrupt that comes in everywhere; 0 for none. */
  timer?: number;
  /** Code that ends by jumping to `done`; a fault of any kind continues at `recover`. */
  body: string;
}

const HEADER = `
                org     0x100000
                bits    32
header:         dd      0x1badb002, 1 << 16, -(0x1badb002 + (1 << 16))
                dd      header, 0x100000, 0, 0, start
IDT             equ     0x6000
TABLES          equ     0x8000
COUNTS          equ     0x5000          ; ticks and faults
STACK           equ     0x7f000
DATA            equ     0x200000
`;

/** Remaps the interrupt controllers to 0x20, opens the timer only, and starts it in mode 2. */
function timerSetup(reload: number): string {
  const out = (port: number, value: number): string => `mov al, ${value}\n out ${port}, al\n`;
  if (reload === 0) return '';
  return (
    [out(0x20, 0x11), out(0x21, 0x20), out(0x21, 4), out(0x21, 1), out(0x21, 0xfe)].join('') +
    [out(0x43, 0x34), out(0x40, reload & 0xff), out(0x40, reload >> 8)].join('') +
    'sti\n'
  );
}

/** Identity map of 2 MiB pages below 16 MiB, 64-bit mode, interrupt gates for everything. */
function boot64(timer: number): string {
  return `${HEADER}
start:          mov     esp, STACK
                mov     edi, TABLES
                mov     ecx, 3 * 1024
                xor     eax, eax
                rep     stosd
                mov     dword [TABLES], TABLES + 0x1007
                mov     dword [TABLES + 0x1000], TABLES + 0x2007
                mov     edi, TABLES + 0x2000
                mov     eax, 0x87
                mov     ecx, 8
.page:          mov     [edi], eax
                add     eax, 0x200000
                add     edi, 8
                loop    .page
                mov     eax, (1 << 5) | (3 << 9)        ; PAE, OSFXSR, OSXMMEXCPT
                mov     cr4, eax
                mov     eax, TABLES
                mov     cr3, eax
                mov     ecx, 0xc0000080
                rdmsr
                or      eax, 1 << 8
                wrmsr
                mov     eax, cr0
                or      eax, 1 << 31
                mov     cr0, eax
                lgdt    [gdt_pointer]
                jmp     8:long_mode
                bits    64
long_mode:      mov     eax, 0x10
                mov     ds, eax
                mov     es, eax
                mov     ss, eax
                mov     rsp, STACK
                mov     edi, IDT
                mov     ecx, 33
.gate:          mov     rax, fault
                cmp     ecx, 1
                jne     .put
                mov     rax, tick
.put:           mov     [rdi], ax
                mov     dword [rdi + 2], 0x8e000008
                ror     rax, 16
                mov     [rdi + 6], ax
                shr     rax, 16
                mov     [rdi + 8], eax
                add     rdi, 16
                dec     ecx
                jnz     .gate
                lidt    [idt_pointer]
                ${timerSetup(timer)}
                jmp     body
fault:          inc     qword [COUNTS + 8]
                mov     rsp, STACK
                cld
                ${timer ? 'sti' : ''}
                jmp     recover
tick:           inc     qword [COUNTS]
                push    rax
                mov     al, 0x20
                out     0x20, al
                pop     rax
                iretq
done:           cli
                xor     eax, eax
                out     0xf4, al
                hlt
                align   8
gdt:            dq      0, 0x00af9a000000ffff, 0x00cf92000000ffff
gdt_pointer:    dw      $ - gdt - 1
                dd      gdt
idt_pointer:    dw      33 * 16 - 1
                dq      IDT
                align   4096
body:
`;
}

/** Flat 32-bit protected mode without paging. */
function boot32(timer: number): string {
  return `${HEADER}
start:          lgdt    [gdt_pointer]
                jmp     8:flat
flat:           mov     eax, 3 << 9             ; OSFXSR, OSXMMEXCPT
                mov     cr4, eax
                mov     eax, 0x10
                mov     ds, eax
                mov     es, eax
                mov     ss, eax
                mov     esp, STACK
                mov     edi, IDT
                mov     ecx, 33
.gate:          mov     eax, fault
                cmp     ecx, 1
                jne     .put
                mov     eax, tick
.put:           mov     [edi], ax
                mov     dword [edi + 2], 0x8e000008
                shr     eax, 16
                mov     [edi + 6], ax
                add     edi, 8
                dec     ecx
                jnz     .gate
                lidt    [idt_pointer]
                ${timerSetup(timer)}
                jmp     body
fault:          inc     dword [COUNTS + 8]
                mov     esp, STACK
                cld
                ${timer ? 'sti' : ''}
                jmp     recover
tick:           inc     dword [COUNTS]
                push    eax
                mov     al, 0x20
                out     0x20, al
                pop     eax
                iret
done:           cli
                xor     eax, eax
                out     0xf4, al
                hlt
                align   8
gdt:            dq      0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdt_pointer:    dw      $ - gdt - 1
                dd      gdt
idt_pointer:    dw      33 * 8 - 1
                dd      IDT
                align   4096
body:
`;
}

/** Assembles a program on its frame. */
export function program(frame: Frame): { image: Uint8Array; symbol(name: string): number } {
  const text = (frame.bits === 64 ? boot64 : boot32)(frame.timer ?? 0) + frame.body;
  const bytes = new TextEncoder().encode(text);
  const { image, diagnostics, map } = assemble({
    main: '/test.asm',
    files: { read: (path) => (path === '/test.asm' ? bytes : undefined) },
  });
  const errors = diagnostics.filter((d) => d.severity === 'error');
  if (!image || errors.length > 0) {
    const lines = text.split('\n');
    throw new Error(errors.map((d) => `${d.message}: ${lines[d.range.line - 1]}`).join('\n'));
  }
  const symbol = (name: string): number => {
    const found = map?.symbols.find((s) => s.name === name);
    if (!found) throw new Error(`no symbol ${name}`);
    return Number(found.value);
  };
  return { image, symbol };
}
