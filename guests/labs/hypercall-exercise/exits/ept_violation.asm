; exits/ept_violation.asm - the guest touched a guest-physical address that
; its EPT does not allow.
;
; In lazy memory that is no mistake: the page comes into being now, and the
; guest's instruction is done again.  It does not notice.
;
; E2 is yours: a page that is there already, and may not be written.  The exit
; qualification (SDM vol. 3, table 28-7) tells.

        bits    64
exit_ept_violation:
        read_field rdi, VMCS_GUEST_PHYSICAL
        mov     rax, rdi
        sub     rax, GUEST_LAZY
        cmp     rax, GUEST_LAZY_SIZE
        jae     .outside
        call    page_alloc
        mov     rsi, rax
        mov     edx, EPT_ALL + EPT_WB
        jmp     ept_map_page            ; RIP stays: the same instruction again
.outside:
        mov     edi, no_memory_there
        jmp     vm_crash

        section .data
no_memory_there: db "access outside its guest-physical memory", 0

        section .text
