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

; RDI = why this machine will not do.
vmx_missing:
        call    print_z
        jmp     power_off_failure

        section .data
        align   8
invalidate_all: dq 0, 0                 ; INVEPT descriptor; type 2 ignores it

no_vmx:         db "[vmm] this processor has no VMX (CPUID.1:ECX bit 5)", 10, 0
vmx_forbidden:  db "[vmm] the firmware has switched VMX off (IA32_FEATURE_CONTROL bit 2)", 10, 0
vmxon_failed:   db "[vmm] VMXON was refused", 10, 0

        section .bss
        alignb  8
vmxon_region:   resq 1                  ; VMXON wants the address in memory

        section .text
