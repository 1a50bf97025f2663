; exits/external_interrupt.asm - an interrupt of the machine came while a guest
; ran.
;
; It is for the VMM, not for the guest.  With the control "acknowledge interrupt
; on exit" the processor has already fetched the vector.  The VMM has no device
; that interrupts (pic.asm), so this is a spurious one: say that it is done.

        bits    64
exit_external_interrupt:
        read_field rax, VMCS_EXIT_EVENT ; bits 7:0: vector
        movzx   ecx, al
        mov     al, PIC_EOI
        cmp     ecx, PIC2_VECTOR
        jb      .first
        out     PIC2_COMMAND, al
.first:
        out     PIC1_COMMAND, al
        ret
