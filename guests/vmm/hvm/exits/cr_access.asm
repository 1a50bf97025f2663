; exits/cr_access.asm - the guest writes a control-register bit that is ours.
;
; With the masks of vmcs.asm these exit: paging on or off, CR0.NE, CR4.VMXE.
; The most important one is the step into long mode: CR0.PG goes on while
; EFER.LME is set.  On a bare processor that sets EFER.LMA; here the VMM sets
; it, together with the VM-entry control that has to agree (SDM vol. 3, 27.2.1,
; 27.3.1.1).
;
; Not done here: 32-bit guests with PAE paging, whose four PDPTEs the VMM would
; have to load into the VMCS.

CR_NUMBER       equ 15                  ; qualification bits 3:0: which CR
CR_TYPE_SHIFT   equ 4                   ; bits 5:4: 0 = MOV to CR, 1 = MOV from CR
CR_TYPE_MASK    equ 3
CR_REGISTER_SHIFT equ 8                 ; bits 11:8: the general register
CR_REGISTER_MASK  equ 15
CR_RSP          equ 4                   ; that number is RSP: in the VMCS

        bits    64
exit_cr_access:
        read_field rax, VMCS_QUALIFICATION
        mov     ecx, eax
        shr     ecx, CR_TYPE_SHIFT
        test    ecx, CR_TYPE_MASK
        jnz     .not_emulated           ; MOV from CR3, CLTS, LMSW: cannot come

        mov     edx, eax
        shr     edx, CR_REGISTER_SHIFT
        and     edx, CR_REGISTER_MASK
        cmp     edx, CR_RSP
        je      .rsp
        movzx   edx, byte [register_fields + rdx]
        mov     rdx, [rbx + rdx]        ; the new value
        jmp     .value
.rsp:
        read_field rdx, VMCS_GUEST_RSP
.value:
        and     eax, CR_NUMBER
        jz      .cr0
        cmp     eax, 4
        je      .cr4
.not_emulated:
        mov     edi, cr_not_emulated
        jmp     vm_crash

; The guest sees what it wrote (shadow); the processor gets what VMX needs.
.cr4:
        bt      rdx, 13                 ; CR4_VMXE: our guests have no VMX
        jc      inject_gp
        write_field VMCS_CR4_SHADOW, rdx
        or      rdx, CR4_VMXE
        write_field VMCS_GUEST_CR4, rdx
        jmp     skip_instruction

.cr0:
        bt      edx, 31                 ; CR0_PG
        jnc     .allowed
        test    edx, CR0_PE             ; paging needs protected mode ...
        jz      inject_gp
        read_field rax, VMCS_GUEST_EFER
        test    eax, EFER_LME
        jz      .allowed
        read_field rax, VMCS_GUEST_CR4
        test    eax, CR4_PAE            ; ... and long mode PAE (SDM vol. 3, 4.1.2)
        jz      inject_gp
.allowed:
        write_field VMCS_CR0_SHADOW, rdx
        read_field rax, VMCS_GUEST_CR0
        mov     rcx, rdx
        or      rcx, CR0_NE
        write_field VMCS_GUEST_CR0, rcx
        xor     eax, edx
        test    eax, CR0_PG
        jz      skip_instruction        ; paging stays as it was

        read_field rax, VMCS_GUEST_EFER
        read_field rcx, VMCS_ENTRY_CONTROLS
        and     eax, ~EFER_LMA
        and     ecx, ~ENTRY_GUEST_64
        bt      edx, 31                 ; CR0_PG
        jnc     .mode                   ; paging off: long mode ends
        test    eax, EFER_LME
        jz      .mode                   ; 32-bit paging
        or      eax, EFER_LMA
        or      ecx, ENTRY_GUEST_64     ; -> long mode at the next VM entry
.mode:
        write_field VMCS_GUEST_EFER, rax
        write_field VMCS_ENTRY_CONTROLS, rcx
        jmp     skip_instruction

        section .data
; Register numbers of instructions, in their order (SDM vol. 2, table 3-1).
register_fields:
        db      vm.rax, vm.rcx, vm.rdx, vm.rbx, 0, vm.rbp, vm.rsi, vm.rdi
        db      vm.r8, vm.r9, vm.r10, vm.r11, vm.r12, vm.r13, vm.r14, vm.r15
cr_not_emulated: db "this control-register access is not emulated", 0

        section .text
