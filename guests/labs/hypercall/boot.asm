; boot.asm - the first instructions of the guest.
;
; The VMM enters here (vmcs_guest_state in the VMM): 32-bit protected mode,
; ring 0, paging off, no stack, no descriptor tables, EAX = BOOT_MAGIC.  As
; far as this code can tell it runs on a bare processor.

        bits    32
kernel_entry:
        cmp     eax, BOOT_MAGIC
        jne     .strange

        mov     edi, bss_start          ; clear .bss: page tables are static
        mov     ecx, (bss_end - bss_start) / 4
        xor     eax, eax
        rep stosd

        mov     eax, CR4_PAE
        mov     cr4, eax                ; no VM exit: CR4_VMXE does not change
        mov     eax, pml4
        mov     cr3, eax                ; no VM exit: EPT makes it harmless
        mov     ecx, MSR_EFER
        rdmsr                           ; VM exit: RDMSR
        or      eax, EFER_LME + EFER_SCE
        wrmsr                           ; VM exit: WRMSR
        mov     eax, cr0
        or      eax, CR0_PG + CR0_WP + CR0_NE
        mov     cr0, eax                ; VM exit: CR access; long mode behind it

        lgdt    [gdtr]
        jmp     dword KERNEL_CODE:.long_mode
.strange:
        hlt
        jmp     .strange

        bits    64
.long_mode:
        mov     eax, KERNEL_DATA
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        xor     eax, eax
        mov     fs, eax
        mov     gs, eax
        mov     esp, kernel_stack_top
        jmp     kernel_main

        section .bss
        alignb  16
bss_start:
kernel_stack:   resb PAGE_SIZE          ; kernel_main
kernel_stack_top:

        section .text
