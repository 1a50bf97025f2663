; exits/hlt.asm - the guest has nothing to do until an interrupt comes.
;
; This VMM gives its guests no interrupts.  It lets the other VMs run and wakes
; the guest when its turn comes again.

        bits    64
exit_hlt:
        call    skip_instruction
        jmp     schedule_next
