; exits/cpuid.asm - CPUID always exits (SDM vol. 3, 26.1.2).
;
; The guest gets the processor's answer, except that there is no VMX for it,
; that it is told it runs under a hypervisor, and by whom.

        bits    64
exit_cpuid:
        mov     eax, [rbx + vm.rax]
        cmp     eax, CPUID_HYPERVISOR
        je      .signature
        mov     ecx, [rbx + vm.rcx]
        push    rax                     ; leaf
        push    rbx                     ; CPUID writes EBX
        cpuid
        mov     edi, ebx
        pop     rbx
        pop     rsi
        cmp     esi, 1
        jne     .answer
        and     ecx, ~CPUID_1_ECX_VMX
        or      ecx, CPUID_1_ECX_HYPERVISOR
.answer:                                ; EAX, EDI, ECX, EDX
        mov     [rbx + vm.rax], rax
        mov     [rbx + vm.rbx], rdi
        mov     [rbx + vm.rcx], rcx
        mov     [rbx + vm.rdx], rdx
        jmp     skip_instruction
.signature:                             ; EAX = highest hypervisor leaf: this one
        mov     edi, [hypervisor_signature]
        mov     ecx, [hypervisor_signature + 4]
        mov     edx, [hypervisor_signature + 8]
        jmp     .answer

        section .data
        align   4
hypervisor_signature:
        db      HYPERVISOR_SIGNATURE

        section .text
