; Start code of the 64-bit image: a Multiboot loader leaves us in 32-bit protected
; mode (Multiboot 0.6.96, 3.2); page tables, long mode, then C.
;
; The first 64 MiB are mapped by 4 KiB pages, as an operating system maps its
; programs; the rest of the 4 GiB by 2 MiB pages. Everything may be used by ring 3.

%include "bench.inc"

                section .multiboot
                align   4
                dd      MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

                section .text
                bits    32
                global  start
                extern  bench_main

start:          cld
                mov     esp, stack_top
                mov     [information], ebx

                mov     dword [pml4], pdpt + PAGE_PRESENT_WRITE_USER
                mov     edi, pdpt
                mov     eax, directories + PAGE_PRESENT_WRITE_USER
                mov     ecx, 4
.directory:     mov     [edi], eax
                add     eax, 4096
                add     edi, 8
                loop    .directory

                mov     edi, directories
                mov     eax, PAGE_PRESENT_WRITE_USER + PAGE_LARGE
                mov     ecx, 4 * 512
.large:         mov     [edi], eax
                add     eax, 0x200000
                add     edi, 8
                loop    .large

                mov     edi, directories        ; the first 32 entries become tables
                mov     eax, page_tables + PAGE_PRESENT_WRITE_USER
                mov     ecx, 32
.table:         mov     [edi], eax
                add     eax, 4096
                add     edi, 8
                loop    .table

                mov     edi, page_tables
                mov     eax, PAGE_PRESENT_WRITE_USER
                mov     ecx, 32 * 512
.page:          mov     [edi], eax
                add     eax, 4096
                add     edi, 8
                loop    .page

                mov     eax, CR4_PAE
                mov     cr4, eax
                mov     eax, pml4
                mov     cr3, eax
                mov     ecx, IA32_EFER
                rdmsr
                or      eax, EFER_SCE | EFER_LME
                wrmsr
                mov     eax, CR0_FLAGS
                mov     cr0, eax
                lgdt    [gdt_pointer]
                jmp     KERNEL_CODE:long_mode

                bits    64
long_mode:      mov     eax, KERNEL_DATA
                mov     ds, eax
                mov     es, eax
                mov     ss, eax
                mov     esp, stack_top
                call    load_task
                lidt    [idt_pointer]
                mov     ecx, IA32_STAR          ; SYSRET: SS = base + 8, CS = base + 16
                xor     eax, eax
                mov     edx, (SYSRET_BASE << 16) | KERNEL_CODE
                wrmsr
                mov     ecx, IA32_LSTAR
                mov     rax, system_call
                xor     edx, edx
                wrmsr
                mov     ecx, IA32_FMASK
                xor     eax, eax
                wrmsr
                mov     edi, [information]
                call    bench_main              ; does not return
.stop:          hlt
                jmp     .stop

; uint32_t enter_user(void (*entry)(void), uint32_t count): runs entry in ring 3 with the
; count in EBX, until it executes INT 0x81; gives what it left in EAX.
                global  enter_user
enter_user:     push    rbx
                push    rbp
                push    r12
                push    r13
                push    r14
                push    r15
                mov     [kernel_stack], rsp
                mov     ebx, esi
                push    USER_DATA
                push    user_stack_top
                push    2                       ; RFLAGS
                push    USER_CODE
                push    rdi
                iretq

; INT 0x81 from ring 3: back to where enter_user was called.
                global  leave_user
leave_user:     mov     rsp, [kernel_stack]
                mov     edx, KERNEL_DATA
                mov     ss, edx
                pop     r15
                pop     r14
                pop     r13
                pop     r12
                pop     rbp
                pop     rbx
                ret

; SYSCALL: straight back.
system_call:    o64 sysret

                global  user_system_calls
user_system_calls:
                syscall
                dec     ebx
                jnz     user_system_calls
                int     0x81

; Exceptions that nobody expects (handlers.inc): vector, error code and what the processor pushed.
                extern  panic
unexpected:     mov     edi, [rsp]
                mov     esi, [rsp + 8]
                mov     edx, [rsp + 16]
                mov     rcx, cr2
                and     rsp, -16
                call    panic

%include "handlers.inc"

                align   8
gdt:            dq      0
                dq      0x00af9a000000ffff      ; KERNEL_CODE
                dq      0x00cf92000000ffff      ; KERNEL_DATA
                dq      0x00cffa000000ffff      ; SYSRET_BASE: 32-bit user code
                dq      0x00cff2000000ffff      ; USER_DATA
                dq      0x00affa000000ffff      ; USER_CODE
.tss:           dq      0x0000890000000067, 0   ; TASK
gdt_pointer:    dw      $ - gdt - 1
                dq      gdt
idt_pointer:    dw      256 * 16 - 1
                dq      idt

                align   16
                global  tss
tss:            dd      0
                dq      interrupt_stack_top     ; RSP0
                times   (104 - 12 - 2) db 0
                dw      104                     ; no I/O permission bitmap

                section .bss
                align   4096
                global  idt, page_tables, pml4
pml4:           resb    4096
pdpt:           resb    4096
directories:    resb    4 * 4096
page_tables:    resb    32 * 4096
idt:            resb    4096
                resb    64 * 1024
stack_top:      resb    16 * 1024
interrupt_stack_top:
                resb    16 * 1024
user_stack_top:
kernel_stack:   resq    1
information:    resd    1
