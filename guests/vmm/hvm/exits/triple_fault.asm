; exits/triple_fault.asm - an exception in the guest could not be delivered,
; nor the double fault that followed.  A processor would reset; the VM ends.

        bits    64
exit_triple_fault:
        mov     edi, triple_fault
        jmp     vm_crash

        section .data
triple_fault:   db "triple fault", 0

        section .text
