; turn.asm - the VMs take turns.
;
; The VMM may stop a VM at any instruction and run another one.  To do things
; in a fixed order the kernels talk through the page they share: shared.turn
; says whose turn it is.  Who must wait yields.  This works at any speed and
; with any time slice, because only the VM whose turn it is passes it on.  The
; turn of a VM that has shut down is the next one's.

        bits    64
; Return when it is this VM's turn.
turn_wait:
        mov     rcx, [GUEST_SHARED + shared.turn]
        mov     rax, [GUEST_INFO + info.running]
.holder:
        bt      rax, rcx                ; is that VM running?
        jc      .found
        inc     rcx
        cmp     rcx, [GUEST_INFO + info.vm_count]
        jb      .holder
        xor     ecx, ecx                ; we run, so the search ends
        jmp     .holder
.found:
        inc     rcx                     ; turns count from 0, IDs from 1
        cmp     rcx, [GUEST_INFO + info.vm_id]
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
