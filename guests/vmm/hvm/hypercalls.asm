; hypercalls.asm - what a guest kernel can ask of the VMM.
;
; The ABI is in hypercall.inc.  Each is called with RBX = VM, RDI and RSI =
; the guest's arguments, and puts its result into vm.rax.  The guest's RIP
; already stands behind the VMCALL.

        bits    64
; HC_CONSOLE_WRITE: RDI = GPA, RSI = length.  The guest names guest-physical
; memory, so the VMM walks the EPT, and anew for each byte: the next one may
; lie in another host page.
hypercall_console_write:
        cmp     rsi, CONSOLE_WRITE_MAX
        ja      .invalid
        inc     qword [rbx + vm.console_writes]
        push    r12
        push    r13
        mov     r12, rdi
        lea     r13, [rdi + rsi]
.next:
        cmp     r12, r13
        jae     .done
        mov     rdi, r12
        call    ept_walk                ; RAX = HPA
        jc      .not_mapped
        movzx   edi, byte [rax]
        call    console_putc
        inc     r12
        jmp     .next
.done:
        pop     r13
        pop     r12
        mov     qword [rbx + vm.rax], 0
        ret
.not_mapped:
        pop     r13
        pop     r12
.invalid:
        mov     qword [rbx + vm.rax], HC_EINVAL
        ret

; HC_GET_VM_ID
hypercall_get_vm_id:
        mov     rax, [rbx + vm.id]
        mov     [rbx + vm.rax], rax
        ret

; HC_YIELD: the result is stored now and seen when the VM's turn comes again.
hypercall_yield:
        mov     qword [rbx + vm.rax], 0
        jmp     schedule_next

; HC_SHUTDOWN: RDI = exit code.
hypercall_shutdown:
        call    vm_stop
        say     "[vmm] "
        call    print_vm_name
        say     " has shut down, exit code "
        mov     rdi, [rbx + vm.exit_code]
        call    print_decimal
        call    print_newline
        jmp     schedule_next

        section .data
        align   8
hypercall_table:
        dq      hypercall_console_write         ; HC_CONSOLE_WRITE
        dq      hypercall_get_vm_id             ; HC_GET_VM_ID
        dq      hypercall_yield                 ; HC_YIELD
        dq      hypercall_shutdown              ; HC_SHUTDOWN

        section .text
