; hypercalls.asm - what a guest kernel can ask of the VMM.
;
; The ABI is in hypercall.inc.  Each is called with RBX = VM, RDI and RSI =
; the guest's arguments, and puts its result into vm.rax.  The guest's RIP
; already stands behind the VMCALL.
;
; E1 and E2 are yours: hypercall_get_exits and hypercall_protect.

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

; E1.  HC_GET_EXITS: how often has this VM exited?  vm.exits (vm.asm) counts by
; reason; the answer is the sum.
hypercall_get_exits:
        xor     eax, eax
        xor     ecx, ecx
.next:
        add     rax, [rbx + vm.exits + rcx * 8]
        inc     ecx
        cmp     ecx, REASON_COUNT
        jb      .next
        mov     [rbx + vm.rax], rax
        ret

; E2.  HC_PROTECT: RDI = GPA.  HC_EINVAL unless it is the start of a page of lazy
; memory (GUEST_LAZY) that is mapped.  ept_entry finds the entry; think of what
; the processor may have kept of it (SDM vol. 3, 29.4.3).
hypercall_protect:
        mov     rax, rdi
        sub     rax, GUEST_LAZY
        cmp     rax, GUEST_LAZY_SIZE
        jae     .invalid
        test    edi, PAGE_SIZE - 1
        jnz     .invalid
        mov     ecx, EPT_PAGE
        call    ept_entry               ; RAX = address of the leaf entry
        test    byte [rax], EPT_READ
        jz      .invalid                ; not there yet
        and     byte [rax], ~EPT_WRITE & 0xFF
        mov     eax, INVEPT_ALL         ; the processor may still know the old rights
        invept  rax, [invalidate_all]
        jbe     vmx_failed
        mov     qword [rbx + vm.rax], 0
        ret
.invalid:
        mov     qword [rbx + vm.rax], HC_EINVAL
        ret

        section .data
        align   8
hypercall_table:
        dq      hypercall_console_write         ; HC_CONSOLE_WRITE
        dq      hypercall_get_vm_id             ; HC_GET_VM_ID
        dq      hypercall_yield                 ; HC_YIELD
        dq      hypercall_shutdown              ; HC_SHUTDOWN
        dq      hypercall_get_exits             ; HC_GET_EXITS
        dq      hypercall_protect               ; HC_PROTECT

        section .text
