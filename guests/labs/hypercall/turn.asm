; turn.asm - the VMs take turns.
;
; The VMM may stop a VM at any instruction and run another one.  To do things
; in a fixed order the kernels talk through the page they share: shared.turn
; says whose turn it is.  Who must wait yields.  This works at any speed and
; with any time slice, because only the VM whose turn it is passes it on.

        bits    64
; Return when it is this VM's turn, or when there is no other VM.
turn_wait:
        mov     rax, [GUEST_INFO + info.vm_id]
        dec     rax                     ; turns count from 0
        cmp     [GUEST_SHARED + shared.turn], rax
        je      .ours
        cmp     qword [GUEST_INFO + info.vms_running], 1
        je      .ours
        call    yield
        jmp     turn_wait
.ours:
        ret

; It is the next VM's turn.
turn_pass:
        mov     rax, [GUEST_INFO + info.vm_id]
        cmp     rax, [GUEST_INFO + info.vm_count]
        jb      .next                   ; ID n counts as turn n - 1
        xor     eax, eax                ; after the last one: the first one
.next:
        mov     [GUEST_SHARED + shared.turn], rax
        jmp     yield
