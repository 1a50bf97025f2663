; exits/msr.asm - RDMSR and WRMSR of what the MSR bitmap does not open.
;
; EFER is in the VMCS.  The SYSCALL MSRs are in struc vm and, while the VM is
; current, in the processor.  All others do not exist for a guest: #GP, as the
; manual has it for MSRs that a processor lacks.

CANONICAL_BITS  equ 48                  ; width of a linear address

EFER_ALLOWED    equ EFER_SCE + EFER_LME + EFER_LMA + EFER_NXE

        bits    64
exit_rdmsr:
        mov     ecx, [rbx + vm.rcx]
        cmp     ecx, MSR_EFER
        je      .efer
        call    find_switched_msr       ; R8 = address of the value
        jc      inject_gp
        mov     rax, [r8]
        jmp     .answer
.efer:
        read_field rax, VMCS_GUEST_EFER
.answer:
        mov     ecx, eax                ; EDX:EAX, upper halves cleared
        mov     [rbx + vm.rax], rcx
        shr     rax, 32
        mov     [rbx + vm.rdx], rax
        jmp     skip_instruction

exit_wrmsr:
        mov     ecx, [rbx + vm.rcx]
        mov     eax, [rbx + vm.rax]
        mov     edx, [rbx + vm.rdx]
        cmp     ecx, MSR_EFER
        je      .efer
        call    find_switched_msr
        jc      inject_gp
        cmp     ecx, MSR_LSTAR
        je      .address
        cmp     ecx, MSR_SFMASK
        jne     .store
        test    edx, edx                ; reserved
        jnz     inject_gp
.store:
        mov     [r8], eax
        mov     [r8 + 4], edx
        wrmsr                           ; the processor's, which this VM owns now
        jmp     skip_instruction

; A value the processor would refuse must not reach our own WRMSR: the #GP is
; the guest's.  An address has to be canonical: bits 63:47 all alike.
.address:
        mov     edi, edx
        sar     edi, CANONICAL_BITS - 1 - 32
        inc     edi                     ; 0 and -1 become 1 and 0
        cmp     edi, 1
        jbe     .store
        jmp     inject_gp
.efer:
        test    edx, edx
        jnz     inject_gp
        test    eax, ~EFER_ALLOWED
        jnz     inject_gp
        read_field rcx, VMCS_GUEST_EFER
        mov     edx, eax
        xor     edx, ecx                ; bits that change
        test    edx, EFER_LME
        jz      .write
        read_field rdx, VMCS_GUEST_CR0
        bt      edx, 31                 ; LME may not change while paging is on
        jc      inject_gp
.write:
        and     ecx, EFER_LMA           ; LMA is the processor's, not the guest's
        and     eax, ~EFER_LMA
        or      eax, ecx
        write_field VMCS_GUEST_EFER, rax
        jmp     skip_instruction

; ECX = MSR.  Result: CF = 0 and R8 = where struc vm keeps it; or CF = 1.
; Keeps RAX, RCX, RDX.
find_switched_msr:
        mov     r8d, switched_msrs      ; scheduler.asm
.next:
        cmp     ecx, [r8 + switched_msr.msr]
        je      .found
        add     r8, switched_msr_size
        cmp     r8, switched_msrs_end
        jb      .next
        stc
        ret
.found:
        mov     r8d, [r8 + switched_msr.field]
        add     r8, rbx                 ; no carry: CF = 0
        ret
