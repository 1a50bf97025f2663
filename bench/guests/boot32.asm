; Start code of the 32-bit image: page tables and segments of our own, then C.
;
; The first 64 MiB are mapped by 4 KiB pages, as an operating system maps its
; programs; the rest of the 4 GiB by 4 MiB pages. Everything may be used by ring 3.

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

                mov     edi, directory
                mov     eax, PAGE_PRESENT_WRITE_USER + PAGE_LARGE
                mov     ecx, 1024
.large:         mov     [edi], eax
                add     eax, 0x400000
                add     edi, 4
                loop    .large

                mov     edi, directory          ; the first 16 entries become tables
                mov     eax, page_tables + PAGE_PRESENT_WRITE_USER
                mov     ecx, 16
.table:         mov     [edi], eax
                add     eax, 4096
                add     edi, 4
                loop    .table

                mov     edi, page_tables
                mov     eax, PAGE_PRESENT_WRITE_USER
                mov     ecx, 16 * 1024
.page:          mov     [edi], eax
                add     eax, 4096
                add     edi, 4
                loop    .page

                mov     eax, CR4_PSE
                mov     cr4, eax
                mov     eax, directory
                mov     cr3, eax
                mov     eax, CR0_FLAGS
                mov     cr0, eax
                lgdt    [gdt_pointer]
                jmp     KERNEL_CODE:.segments
.segments:      mov     eax, USER_DATA          ; good in both rings
                mov     ds, eax
                mov     es, eax
                mov     fs, eax
                mov     gs, eax
                mov     eax, KERNEL_DATA
                mov     ss, eax
                call    load_task
                lidt    [idt_pointer]
                sub     esp, 12
                push    dword [information]
                call    bench_main              ; does not return
.stop:          hlt
                jmp     .stop

; uint32_t enter_user(void (*entry)(void), uint32_t count): runs entry in ring 3 with the
; count in EBX, until it executes INT 0x81; gives what it left in EAX.
                global  enter_user
enter_user:     mov     eax, [esp + 4]
                mov     ecx, [esp + 8]
                push    ebx
                push    ebp
                push    esi
                push    edi
                mov     [kernel_stack], esp
                mov     ebx, ecx
                push    USER_DATA
                push    user_stack_top
                push    2                       ; EFLAGS
                push    USER_CODE
                push    eax
                iret

; INT 0x81 from ring 3: back to where enter_user was called.
                global  leave_user
leave_user:     mov     esp, [kernel_stack]
                pop     edi
                pop     esi
                pop     ebp
                pop     ebx
                ret

; Exceptions that nobody expects (handlers.inc): vector, error code and what the processor pushed.
                extern  panic
unexpected:     mov     eax, cr2
                pop     ecx
                pop     edx
                mov     ebx, [esp]
                and     esp, -16
                push    eax
                push    ebx
                push    edx
                push    ecx
                call    panic

%include "handlers.inc"

                align   8
gdt:            dq      0
                dq      0x00cf9a000000ffff      ; KERNEL_CODE
                dq      0x00cf92000000ffff      ; KERNEL_DATA
                dq      0x00cffa000000ffff      ; USER_CODE
                dq      0x00cff2000000ffff      ; USER_DATA
.tss:           dq      0x0000890000000067      ; TASK
gdt_pointer:    dw      $ - gdt - 1
                dd      gdt
idt_pointer:    dw      256 * 8 - 1
                dd      idt

                align   16
tss:            dd      0
                dd      interrupt_stack_top     ; ESP0
                dd      KERNEL_DATA             ; SS0
                times   (104 - 12 - 2) db 0
                dw      104                     ; no I/O permission bitmap

                section .bss
                align   4096
                global  idt, page_tables
directory:      resb    4096
page_tables:    resb    16 * 4096
idt:            resb    2048
                resb    64 * 1024
stack_top:      resb    16 * 1024
interrupt_stack_top:
                resb    16 * 1024
user_stack_top:
kernel_stack:   resd    1
information:    resd    1
