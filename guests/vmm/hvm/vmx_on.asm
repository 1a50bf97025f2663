; vmx_on.asm - can this processor do what we need?  Then enter VMX root
; operation.
;
; SDM vol. 3, 24.6-24.8 (discovering, enabling, entering), appendix A.

        bits    64
vmx_on:
        mov     eax, 1
        cpuid
        mov     edi, no_vmx
        test    ecx, CPUID_1_ECX_VMX
        jz      vmx_missing

; The firmware decides by IA32_FEATURE_CONTROL, and locks it.  If it has not
; decided, we do.
        mov     ecx, MSR_FEATURE_CONTROL
        rdmsr
        test    eax, FEATURE_LOCKED
        jnz     .locked
        or      eax, FEATURE_LOCKED + FEATURE_VMX
        wrmsr
.locked:
        mov     edi, vmx_forbidden
        test    eax, FEATURE_VMX
        jz      vmx_missing

        call    choose_controls

; Some bits of CR0 and CR4 have to be 1 and some 0 in VMX operation.
        mov     rdi, cr0
        mov     esi, MSR_VMX_CR0_FIXED0
        call    apply_fixed_bits
        mov     cr0, rax
        mov     rdi, cr4
        or      rdi, CR4_VMXE
        mov     esi, MSR_VMX_CR4_FIXED0
        call    apply_fixed_bits
        mov     cr4, rax

; VMXON takes a page of its own, marked with the revision identifier.
        call    vmx_region_alloc
        mov     [vmxon_region], rax
        vmxon   [vmxon_region]
        mov     edi, vmxon_failed
        jbe     vmx_missing             ; CF or ZF: refused

; -> VMX root operation, ring 0, same stack: from here on the other VMX
; instructions work.
        mov     eax, INVEPT_ALL         ; nothing stale from whoever was here before
        invept  rax, [invalidate_all]
        jbe     vmx_failed
        ret

; Result: RAX = HPA of a page that begins with the VMCS revision identifier.
vmx_region_alloc:
        call    page_alloc
        mov     r8, rax
        mov     ecx, MSR_VMX_BASIC
        rdmsr                           ; bits 30:0: revision; bit 31 is 0
        mov     [r8], eax
        mov     rax, r8
        ret

; RDI = CR0 or CR4, ESI = its FIXED0 MSR (FIXED1 is the next one).
; Result: RAX = the nearest allowed value.
apply_fixed_bits:
        mov     ecx, esi
        rdmsr
        or      edi, eax                ; must be 1
        inc     ecx
        rdmsr
        and     edi, eax                ; may be 1
        mov     rax, rdi
        ret

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

; RDI = why this machine will not do.
vmx_missing:
        call    print_z
        jmp     power_off_failure

EPT_NEEDED      equ EPT_CAP_WALK_4 + EPT_CAP_WB + EPT_CAP_LARGE + EPT_CAP_INVEPT + EPT_CAP_INVEPT_ALL

struc control_group
        .msr            resd 1          ; its capability MSR
        .needed         resd 1          ; without these we cannot work
        .wanted         resd 1          ; taken if there
        .value          resd 1          ; the result, for the VMCS
        .name           resb 16
endstruc

%macro control_group_of 4
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
        control_group_of MSR_VMX_PINBASED, PIN_EXTERNAL_INTERRUPT + PIN_NMI + PIN_PREEMPTION_TIMER, 0, "pin-based"
cpu_controls:
        control_group_of MSR_VMX_PROCBASED, CPU_HLT + CPU_IO_BITMAPS + CPU_MSR_BITMAPS + CPU_SECONDARY, 0, "primary"
cpu_controls_2:
        control_group_of MSR_VMX_PROCBASED2, CPU2_EPT + CPU2_UNRESTRICTED, CPU2_VPID, "secondary"
exit_controls:
        control_group_of MSR_VMX_EXIT, EXIT_HOST_64 + EXIT_ACK_INTERRUPT + EXIT_LOAD_EFER + EXIT_SAVE_TIMER, 0, "VM-exit"
entry_controls:
        control_group_of MSR_VMX_ENTRY, ENTRY_LOAD_EFER, 0, "VM-entry"
control_groups_end:

invalidate_all: dq 0, 0                 ; INVEPT descriptor; type 2 ignores it

no_vmx:         db "[vmm] this processor has no VMX (CPUID.1:ECX bit 5)", 10, 0
vmx_forbidden:  db "[vmm] the firmware has switched VMX off (IA32_FEATURE_CONTROL bit 2)", 10, 0
vmxon_failed:   db "[vmm] VMXON was refused", 10, 0
controls_missing: db "[vmm] this processor lacks VMX controls, ", 0
ept_missing:    db "[vmm] this processor's EPT lacks a 4-level walk, write-back, 2 MiB pages or INVEPT", 10, 0

        section .bss
        alignb  8
vmxon_region:   resq 1                  ; VMXON wants the address in memory

        section .text
