; memory.asm - host-physical memory and who has it.
;
;   0x0100000  the VMM: code, data, .bss
;   heap_start pages that page_alloc gives out: VMCSs, EPT tables, lazy pages
;   HEAP_END   RAM of the VMs, GUEST_RAM_SIZE each
;   HOST_END   end of what is used

HEAP_END        equ 0x1000000           ; 16 MiB; 2 MiB aligned
HOST_VM_RAM     equ HEAP_END
HOST_END        equ HOST_VM_RAM + VM_COUNT * GUEST_RAM_SIZE

        bits    64
; Result: RAX = HPA of a page full of zeros.  Pages are never given back.
page_alloc:
        mov     rdx, [heap_next]
        cmp     rdx, HEAP_END
        jae     .empty
        add     qword [heap_next], PAGE_SIZE
        push    rdi
        mov     rdi, rdx
        xor     eax, eax
        mov     ecx, PAGE_SIZE / 8
        rep stosq
        pop     rdi
        mov     rax, rdx
        ret
.empty:
        say     "[vmm] out of pages", 10
        jmp     power_off_failure

        section .data
        align   8
heap_next:      dq heap_start

        section .text
