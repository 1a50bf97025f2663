; inject.asm - what handlers do to the guest's instruction: finish it for the
; guest, or make it fault.

        bits    64
; The VMM has done the instruction's work: the guest goes on behind it.
skip_instruction:
        read_field rax, VMCS_GUEST_RIP
        read_field rcx, VMCS_EXIT_LENGTH
        add     rax, rcx
        write_field VMCS_GUEST_RIP, rax
        ret

; The instruction faults, as it would on a machine without what was asked for.
; The next VM entry delivers the event through the guest's own IDT
; (SDM vol. 3, 27.6): the guest's exception handler runs, in the guest's ring
; 0, on the stack its TSS names.
inject_gp:
        write_field VMCS_ENTRY_ERROR_CODE, 0
        write_field VMCS_ENTRY_EVENT, EVENT_VALID + EVENT_EXCEPTION + EVENT_HAS_CODE + VECTOR_GP
        ret

inject_ud:
        write_field VMCS_ENTRY_EVENT, EVENT_VALID + EVENT_EXCEPTION + VECTOR_UD
        ret

; RBX = VM.  Result: EAX = the guest's ring: the DPL of SS (SDM vol. 3, 25.4.1).
guest_ring:
        read_field rax, VMCS_GUEST_SS_AR
        shr     eax, AR_DPL_SHIFT
        and     eax, AR_DPL_MASK
        ret
