; tables.asm - page tables, GDT and TSS of the guest kernel.
;
; The page tables are data: read them together with layout.inc.  An entry is
; an address plus bits; "+" instead of "|" because a label is not a number
; before the image is laid out.

KERNEL_PAGE     equ PTE_PRESENT + PTE_WRITE
USER_TABLE      equ PTE_PRESENT + PTE_WRITE + PTE_USER
USER_CODE       equ PTE_PRESENT + PTE_USER              ; read and execute
USER_PAGE       equ PTE_PRESENT + PTE_WRITE + PTE_USER

        section .data
        align   PAGE_SIZE, db 0
pml4:   dq      pdpt + USER_TABLE               ; 0x0: ring 3 lives below it too
        times   511 dq 0

pdpt:   dq      pd_low + USER_TABLE             ; 0x00000000
        dq      pd_lazy + KERNEL_PAGE           ; 0x40000000 = LAZY_BASE
        times   510 dq 0

pd_low: dq      pt_low + KERNEL_PAGE            ; 0x000000: 4 KiB pages
        dq      GUEST_RAM + KERNEL_PAGE + PTE_LARGE     ; 0x200000: kernel, 2 MiB
        dq      pt_app + USER_TABLE             ; 0x400000: application
        dq      pt_stack + USER_TABLE           ; 0x600000: its stack
        times   508 dq 0

pt_low: dq      0                               ; 0x0000: null pointers fault
        dq      GUEST_INFO + PTE_PRESENT        ; 0x1000
        dq      GUEST_SHARED + KERNEL_PAGE      ; 0x2000
        times   509 dq 0

pt_app: dq      app_image + USER_CODE           ; 0x400000
        times   511 dq 0

pt_stack:
        times   511 dq 0
        dq      app_stack + USER_PAGE           ; 0x7FF000

pd_lazy:
        dq      GUEST_LAZY + KERNEL_PAGE + PTE_LARGE    ; 2 MiB here, 4 KiB in the EPT
        times   511 dq 0

; SYSRET wants user data and user code in this order (SDM vol. 2, SYSRET):
; SS = STAR[63:48] + 8, CS = STAR[63:48] + 16.
gdt:
        dq      0
.code:  dq      DESC_CODE64_R0
.data:  dq      DESC_DATA_R0
.star:  dq      0                       ; a 32-bit user code segment would be here
.udata: dq      DESC_DATA_R3
.ucode: dq      DESC_CODE64_R3
.tss:   dw      tss_size - 1, 0         ; limit, base 15:0
        db      0, DESC_TSS64, 0, 0     ; base 23:16, type, flags, base 31:24
        dq      0                       ; base 63:32
.end:
RING_3          equ 3                   ; requested privilege level in a selector
KERNEL_CODE     equ gdt.code - gdt
KERNEL_DATA     equ gdt.data - gdt
USER_STAR       equ gdt.star - gdt + RING_3
USER_DATA       equ gdt.udata - gdt + RING_3
USER_CODE_SEL   equ gdt.ucode - gdt + RING_3
KERNEL_TSS      equ gdt.tss - gdt

gdtr:   dw      gdt.end - gdt - 1
        dq      gdt

        section .bss
        alignb  PAGE_SIZE
app_stack:      resb PAGE_SIZE          ; a page of its own: ring 3 may write it
interrupt_stack: resb PAGE_SIZE         ; exceptions out of ring 3
interrupt_stack_top:
kernel_tss:     resb tss_size
        alignb  8

        section .text
        bits    64
; Tell the processor where the stack for entries from ring 3 into ring 0 is.
task_register_load:
        mov     eax, interrupt_stack_top
        mov     [kernel_tss + tss.rsp0], rax
        mov     word [kernel_tss + tss.io_map], tss_size        ; no ports for ring 3
        mov     eax, kernel_tss
        mov     edi, gdt.tss
        mov     [rdi + 2], ax           ; base 15:0
        shr     eax, 16
        mov     [rdi + 4], al           ; base 23:16
        mov     [rdi + 7], ah           ; base 31:24
        mov     eax, KERNEL_TSS
        ltr     ax
        ret
