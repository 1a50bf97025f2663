; exits/timer.asm - the VMX preemption timer has counted to 0: the time slice
; is used up.  The guest was stopped between two instructions.

        bits    64
exit_timer:
        mov     rax, [rbx + vm.info]
        inc     qword [rax + info.preemptions]
        jmp     schedule_next
