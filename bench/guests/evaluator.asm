; A bare-metal program in 64-bit mode that does what ordinary code does: integer
; arithmetic, memory, calls, branches. The command line picks nothing; each part
; runs ROUNDS times. It ends by writing 0 to the exit port.

MULTIBOOT_MAGIC equ     0x1badb002
MULTIBOOT_FLAGS equ     1 << 16                 ; the address fields are valid
LOAD            equ     0x100000
EXIT_PORT       equ     0xf4
TABLE           equ     0x200000                ; page tables
DATA            equ     0x300000                ; an array to work on
ELEMENTS        equ     4096
%ifndef ROUNDS
%define ROUNDS 60
%endif

                org     LOAD
                bits    32

header:         dd      MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)
                dd      header, LOAD, 0, 0, start

; Identity-map 1 GiB with 2 MiB pages and enter 64-bit mode.
start:          mov     esp, stack_top
                mov     edi, TABLE
                mov     ecx, 3 * 1024
                xor     eax, eax
                rep     stosd
                mov     dword [TABLE], TABLE + 0x1000 + 3
                mov     dword [TABLE + 0x1000], TABLE + 0x2000 + 3
                mov     edi, TABLE + 0x2000
                mov     eax, 0x83               ; present, writable, 2 MiB
                mov     ecx, 512
.page:          mov     [edi], eax
                add     eax, 0x200000
                add     edi, 8
                loop    .page
                mov     eax, 1 << 5             ; CR4.PAE
                mov     cr4, eax
                mov     eax, TABLE
                mov     cr3, eax
                mov     ecx, 0xc0000080         ; IA32_EFER
                rdmsr
                or      eax, 1 << 8             ; LME
                wrmsr
                mov     eax, cr0
                or      eax, 1 << 31            ; PG
                mov     cr0, eax
                lgdt    [gdt_pointer]
                jmp     0x08:long_mode

                bits    64
long_mode:      mov     eax, 0x10
                mov     ds, eax
                mov     es, eax
                mov     ss, eax
                mov     rsp, stack_top
                mov     r15d, ROUNDS
.round:         call    fill
                call    hash
                call    sort_pass
                mov     edi, 15
                call    fibonacci
                dec     r15d
                jnz     .round
                xor     eax, eax
                out     EXIT_PORT, al
                hlt

; Fills the array with a linear congruential sequence.
fill:           mov     rdi, DATA
                mov     ecx, ELEMENTS
                mov     eax, 12345
.next:          imul    eax, eax, 1103515245
                add     eax, 12345
                mov     [rdi], eax
                add     rdi, 4
                dec     ecx
                jnz     .next
                ret

; FNV-1a over the array's bytes, result in RAX.
hash:           mov     rsi, DATA
                mov     ecx, ELEMENTS * 4
                mov     rax, 0xcbf29ce484222325
                mov     r8, 0x100000001b3
.next:          movzx   edx, byte [rsi]
                xor     rax, rdx
                imul    rax, r8
                inc     rsi
                dec     ecx
                jnz     .next
                ret

; One pass of bubble sort: neighbours out of order change places.
sort_pass:      mov     rsi, DATA
                mov     ecx, ELEMENTS - 1
.next:          mov     eax, [rsi]
                mov     edx, [rsi + 4]
                cmp     eax, edx
                jbe     .ordered
                mov     [rsi], edx
                mov     [rsi + 4], eax
.ordered:       add     rsi, 4
                dec     ecx
                jnz     .next
                ret

; Fibonacci number EDI by recursion, result in EAX.
fibonacci:      cmp     edi, 2
                jb      .base
                push    rdi
                dec     edi
                call    fibonacci
                pop     rdi
                push    rax
                sub     edi, 2
                call    fibonacci
                pop     rdx
                add     eax, edx
                ret
.base:          mov     eax, edi
                ret

                align   8
gdt:            dq      0
                dq      0x00af9a000000ffff      ; 0x08: 64-bit code
                dq      0x00cf92000000ffff      ; 0x10: data
gdt_pointer:    dw      $ - gdt - 1
                dd      gdt

                align   16
                times   4096 db 0
stack_top:
