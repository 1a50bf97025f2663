; long_mode.asm - page tables, GDT and the switch to 64-bit mode.
;
; SDM vol. 3, 9.8.5: PAE on, CR3 loaded, EFER.LME set, paging on, far jump
; into a 64-bit code segment - in that order.
;
; The VMM maps the first GiB one to one (linear = host-physical) with 2 MiB
; pages.  So a host-physical address taken from a VMCS or an EPT entry can be
; used as a pointer.

IDENTITY_LARGE_PAGES equ TABLE_ENTRIES  ; 512 x 2 MiB = 1 GiB

        bits    32
enter_long_mode:
        mov     dword [vmm_pml4], vmm_pdpt + PTE_PRESENT + PTE_WRITE
        mov     dword [vmm_pdpt], vmm_pd + PTE_PRESENT + PTE_WRITE
        mov     edi, vmm_pd
        mov     eax, PTE_PRESENT + PTE_WRITE + PTE_LARGE
        mov     ecx, IDENTITY_LARGE_PAGES
.map:
        mov     [edi], eax              ; upper half of the entry: 0 from .bss
        add     eax, LARGE_PAGE_SIZE
        add     edi, 8
        dec     ecx
        jnz     .map

        mov     eax, cr4
        or      eax, CR4_PAE
        mov     cr4, eax
        mov     eax, vmm_pml4
        mov     cr3, eax
        mov     ecx, MSR_EFER
        rdmsr
        or      eax, EFER_LME
        wrmsr
        mov     eax, cr0
        or      eax, CR0_PG + CR0_WP + CR0_NE + CR0_PE
        mov     cr0, eax                ; compatibility mode from here ...

        lgdt    [vmm_gdtr]
        jmp     dword VMM_CODE:start_64 ; ... 64-bit mode from there, same stack

        bits    64
start_64:
        mov     eax, VMM_DATA
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        xor     eax, eax
        mov     fs, eax
        mov     gs, eax
        mov     esp, vmm_stack_top      ; clears the upper half of RSP

; A VM exit loads TR and refuses a null one, so a TSS has to exist although
; the VMM never leaves ring 0.  Its base is spread over the descriptor.
        mov     eax, vmm_tss
        mov     edi, vmm_gdt.tss
        mov     [rdi + 2], ax           ; base 15:0
        shr     eax, 16
        mov     [rdi + 4], al           ; base 23:16
        mov     [rdi + 7], ah           ; base 31:24
        mov     eax, VMM_TSS
        ltr     ax

        jmp     vmm_main                ; main.asm

        section .data
        align   8
vmm_gdt:
        dq      0
.code:  dq      DESC_CODE64_R0
.data:  dq      DESC_DATA_R0
.tss:   dw      tss_size - 1, 0         ; limit, base 15:0
        db      0, DESC_TSS64, 0, 0     ; base 23:16, type, flags, base 31:24
        dq      0                       ; base 63:32
.end:
VMM_CODE        equ vmm_gdt.code - vmm_gdt
VMM_DATA        equ vmm_gdt.data - vmm_gdt
VMM_TSS         equ vmm_gdt.tss - vmm_gdt

vmm_gdtr:
        dw      vmm_gdt.end - vmm_gdt - 1
        dq      vmm_gdt

        section .bss
        alignb  PAGE_SIZE
vmm_pml4:       resq TABLE_ENTRIES
vmm_pdpt:       resq TABLE_ENTRIES
vmm_pd:         resq TABLE_ENTRIES
vmm_tss:        resb tss_size

        section .text
