; exits/unexpected.asm - exits that nobody handles, and the end of a VM by its
; own fault.

        bits    64
exit_unexpected:
        mov     edi, nobody_handles
        jmp     vm_crash

; The VM entry did not happen: some field of the guest-state area is wrong
; (SDM vol. 3, 27.3, 27.8).  A guest can bring that about by odd values in its
; control registers.
entry_failed:
        mov     edi, wrong_guest_state

; RBX = VM, RDI = what it did.  The VM ends, the others go on.
vm_crash:
        push    rdi
        cmp     qword [rbx + vm.line_length], 0
        je      .no_line
        call    console_flush           ; what it was about to say
.no_line:
        say     "[vmm] "
        call    print_vm_name
        say     " crashed: "
        pop     rdi
        call    print_z
        call    print_exit              ; panic.asm
        mov     rdi, VM_CRASHED
        call    vm_stop
        jmp     schedule_next

VM_CRASHED      equ 255                 ; exit code of such a VM

        section .data
nobody_handles: db "unexpected VM exit", 0
wrong_guest_state: db "VM entry failed, guest state not valid", 0

        section .text
