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
                mov     eax, tss                ; the base is scattered over the descriptor
                mov     [gdt.tss + 2], ax
                shr     eax, 16
                mov     [gdt.tss + 4], al
                mov     [gdt.tss + 7], ah
                mov     eax, TASK
                ltr     ax
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

; The shortest possible handler: what is measured is the way in and out.
                global  empty_interrupt
empty_interrupt:
                iret

                global  user_interrupts
user_interrupts:
                int     0x80
                dec     ebx
                jnz     user_interrupts
                int     0x81

; EBX times: read every page of an area that is not present, then have it taken away.
                global  user_faults
user_faults:    xor     eax, eax
.round:         mov     edi, FAULT_AREA
                mov     ecx, FAULT_PAGES
.touch:         add     eax, [edi]
                add     edi, 4096
                dec     ecx
                jnz     .touch
                int     0x82
                dec     ebx
                jnz     .round
                int     0x81

; #PF: make the page present.
                global  map_page
map_page:       push    eax
                mov     eax, cr2
                shr     eax, 12
                or      byte [page_tables + eax * 4], 1
                pop     eax
                add     esp, 4                  ; error code
                iret

; INT 0x82: take the pages away.
                global  unmap_pages
unmap_pages:    push    eax
                push    ecx
                mov     ecx, FAULT_PAGES
.next:          and     byte [page_tables + (FAULT_AREA >> 12) * 4 + ecx * 4 - 4], ~1
                dec     ecx
                jnz     .next
                mov     eax, cr3
                mov     cr3, eax
                pop     ecx
                pop     eax
                iret

; Exceptions that nobody expects.
                extern  panic
%macro stub 1
exception_%1:
  %if !(%1 == 8 || (%1 >= 10 && %1 <= 14) || %1 == 17 || %1 == 21)
                push    0
  %endif
                push    %1
                jmp     unexpected
%endmacro
%assign vector 0
%rep 32
                stub    vector
  %assign vector vector + 1
%endrep
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

                section .data
                global  exception_stubs
exception_stubs:
%assign vector 0
%rep 32
                dd      exception_ %+ vector
  %assign vector vector + 1
%endrep

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
