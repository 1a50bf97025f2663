; exits/vmcall.asm - a hypercall: the guest's system call to the VMM.
;
; VMCALL exits from every ring; who may make hypercalls is for the VMM to say.
; An application has to ask its own kernel.

        bits    64
exit_vmcall:
        call    skip_instruction        ; first: the hypercall may switch VMs
        call    guest_ring
        test    eax, eax
        jnz     .not_allowed
        mov     rax, [rbx + vm.rax]
        cmp     rax, HC_COUNT
        jae     .unknown
        mov     rdi, [rbx + vm.rdi]
        mov     rsi, [rbx + vm.rsi]
        jmp     [hypercall_table + rax * 8]     ; hypercalls.asm
.not_allowed:
        mov     qword [rbx + vm.rax], HC_EPERM
        ret
.unknown:
        mov     qword [rbx + vm.rax], HC_ENOSYS
        ret
