; controls.asm - choose the VMX controls: what we need, within what this
; processor can do.
;
; SDM vol. 3, appendix A.3-A.5.  For each group of controls an MSR says which
; bits must be 1 (low half) and which may be 1 (high half).  Some of the bits
; that "must" be 1 need not on all but the oldest processors; the "true" MSRs
; know.

        bits    64
; Find for each group of controls a value this processor accepts.  What we
; need and cannot get is named; what it insists on is taken.
choose_controls:
        xor     r8d, r8d
        mov     ecx, MSR_VMX_BASIC
        rdmsr
        bt      edx, VMX_BASIC_TRUE - 32
        jnc     .old
        mov     r8d, MSR_VMX_TRUE_PINBASED - MSR_VMX_PINBASED
.old:                                   ; R8 leads to the "true" MSRs, if any
        mov     r9d, control_groups
.group:
        mov     ecx, [r9 + control_group.msr]
        cmp     ecx, MSR_VMX_PROCBASED2 ; has no "true" sister
        je      .read
        add     ecx, r8d
.read:
        rdmsr                           ; EAX: must be 1; EDX: may be 1
        mov     esi, [r9 + control_group.needed]
        mov     ecx, edx
        not     ecx
        mov     edi, controls_missing
        test    esi, ecx
        jnz     .refused
        or      eax, esi
        and     edx, [r9 + control_group.wanted]
        or      eax, edx                ; nice to have
        mov     [r9 + control_group.value], eax
        add     r9, control_group_size
        cmp     r9, control_groups_end
        jb      .group

        mov     ecx, MSR_VMX_EPT_VPID_CAP
        rdmsr
        and     eax, EPT_NEEDED
        cmp     eax, EPT_NEEDED
        mov     edi, ept_missing
        jne     vmx_missing
        ret
.refused:
        push    rsi
        push    rcx
        call    print_z
        lea     rdi, [r9 + control_group.name]
        call    print_z
        say     ": bits "
        pop     rdi
        pop     rsi
        and     edi, esi
        call    print_hex
        call    print_newline
        jmp     power_off_failure

EPT_NEEDED      equ EPT_CAP_WALK_4 + EPT_CAP_WB + EPT_CAP_LARGE + EPT_CAP_INVEPTS
PIN_NEEDED      equ PIN_EXTERNAL_INTERRUPT + PIN_NMI + PIN_PREEMPTION_TIMER
CPU_NEEDED      equ CPU_HLT + CPU_IO_BITMAPS + CPU_MSR_BITMAPS + CPU_SECONDARY
CPU2_NEEDED     equ CPU2_EPT + CPU2_UNRESTRICTED
EXIT_NEEDED     equ EXIT_HOST_64 + EXIT_ACK_INTERRUPT + EXIT_LOAD_EFER + EXIT_SAVE_TIMER
ENTRY_NEEDED    equ ENTRY_LOAD_EFER

struc control_group
        .msr            resd 1          ; its capability MSR
        .needed         resd 1          ; without these we cannot work
        .wanted         resd 1          ; taken if there
        .value          resd 1          ; the result, for the VMCS
        .name           resb 16
endstruc

%macro control_group_of 4               ; MSR, needed, wanted, name
        istruc  control_group
        at control_group.msr,    dd %1
        at control_group.needed, dd %2
        at control_group.wanted, dd %3
        at control_group.value,  dd 0
        at control_group.name,   db %4, 0
        iend
%endmacro

        section .data
        align   8
control_groups:
pin_controls:
        control_group_of MSR_VMX_PINBASED,   PIN_NEEDED,   0,         "pin-based"
cpu_controls:
        control_group_of MSR_VMX_PROCBASED,  CPU_NEEDED,   0,         "primary"
cpu_controls_2:
        control_group_of MSR_VMX_PROCBASED2, CPU2_NEEDED,  CPU2_VPID, "secondary"
exit_controls:
        control_group_of MSR_VMX_EXIT,       EXIT_NEEDED,  0,         "VM-exit"
entry_controls:
        control_group_of MSR_VMX_ENTRY,      ENTRY_NEEDED, 0,         "VM-entry"
control_groups_end:

controls_missing:
        db      "[vmm] this processor lacks VMX controls, ", 0
ept_missing:
        db      "[vmm] EPT lacks a 4-level walk, write-back, 2 MiB pages or INVEPT", 10, 0

        section .text
