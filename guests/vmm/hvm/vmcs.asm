; vmcs.asm - fill a VMCS, area by area.
;
; SDM vol. 3, chapter 25 says what the fields are, chapter 27 what the
; processor checks at a VM entry.  Three areas are ours to fill: the controls
; (what makes the guest exit), the host state (where an exit lands) and the
; guest state (where the guest starts).

        bits    64
; RBX = VM.  Makes its VMCS, current and clear.
vmcs_create:
        call    vmx_region_alloc
        mov     [rbx + vm.vmcs], rax
        vmclear [rbx + vm.vmcs]         ; state "clear": the next entry is VMLAUNCH
        jbe     vmx_failed
        vmptrld [rbx + vm.vmcs]         ; now VMREAD and VMWRITE mean this one
        jbe     vmx_failed
        call    vmcs_controls
        call    vmcs_host_state
        jmp     vmcs_guest_state

; -- Controls (25.6-25.8) ---------------------------------------------------
vmcs_controls:
        mov     eax, [pin_controls + control_group.value]
        write_field VMCS_PIN_CONTROLS,  rax
        mov     eax, [cpu_controls + control_group.value]
        write_field VMCS_CPU_CONTROLS,  rax
        mov     eax, [cpu_controls_2 + control_group.value]
        write_field VMCS_CPU_CONTROLS_2, rax
        mov     eax, [exit_controls + control_group.value]
        write_field VMCS_EXIT_CONTROLS, rax
        mov     eax, [entry_controls + control_group.value]
        write_field VMCS_ENTRY_CONTROLS, rax    ; without ENTRY_GUEST_64: 32-bit start

        write_field VMCS_EXCEPTION_BITMAP, 0    ; the guest handles its exceptions
        write_field VMCS_PF_ERROR_MASK, 0
        write_field VMCS_PF_ERROR_MATCH, 0
        write_field VMCS_IO_BITMAP_A,   io_bitmap_a
        write_field VMCS_IO_BITMAP_B,   io_bitmap_b
        write_field VMCS_MSR_BITMAP,    msr_bitmap
        write_field VMCS_CR3_TARGET_COUNT, 0
        write_field VMCS_EXIT_MSR_STORE_COUNT, 0
        write_field VMCS_EXIT_MSR_LOAD_COUNT, 0
        write_field VMCS_ENTRY_MSR_LOAD_COUNT, 0
        write_field VMCS_ENTRY_EVENT,   0       ; nothing to inject

        mov     rax, [rbx + vm.ept]
        add     rax, EPTP_WB + EPTP_WALK_4
        write_field VMCS_EPTP,          rax

        test    dword [cpu_controls_2 + control_group.value], CPU2_VPID
        jz      .no_vpid
        write_field VMCS_VPID,          [rbx + vm.id]
.no_vpid:

; Bits of CR0 and CR4 that belong to the VMM.  The guest reads them from the
; shadow; writing another value than the shadow's exits (exits/cr_access.asm).
        write_field VMCS_CR0_MASK,      CR0_PG + CR0_NE
        write_field VMCS_CR0_SHADOW,    CR0_PE
        write_field VMCS_CR4_MASK,      CR4_VMXE
        write_field VMCS_CR4_SHADOW,    0
        jmp     timer_restart           ; scheduler.asm: VMCS_TIMER

; -- Host state (25.5) ------------------------------------------------------
; A VM exit loads all of this: ring 0, 64-bit mode, at vm_exit, on the VMM's
; stack, with interrupts off (RFLAGS = 2).
vmcs_host_state:
        write_field VMCS_HOST_RIP,      vm_exit ; run.asm
        write_field VMCS_HOST_RSP,      vmm_stack_top
        mov     rax, cr0
        write_field VMCS_HOST_CR0,      rax
        mov     rax, cr3
        write_field VMCS_HOST_CR3,      rax
        mov     rax, cr4
        write_field VMCS_HOST_CR4,      rax
        mov     ecx, MSR_EFER
        rdmsr                                   ; EDX: 0
        write_field VMCS_HOST_EFER,     rax

        write_field VMCS_HOST_CS_SEL,   VMM_CODE
        write_field VMCS_HOST_SS_SEL,   VMM_DATA
        write_field VMCS_HOST_DS_SEL,   VMM_DATA
        write_field VMCS_HOST_ES_SEL,   VMM_DATA
        write_field VMCS_HOST_FS_SEL,   0
        write_field VMCS_HOST_GS_SEL,   0
        write_field VMCS_HOST_TR_SEL,   VMM_TSS
        write_field VMCS_HOST_FS_BASE,  0
        write_field VMCS_HOST_GS_BASE,  0
        write_field VMCS_HOST_TR_BASE,  vmm_tss
        write_field VMCS_HOST_GDTR_BASE, vmm_gdt
        write_field VMCS_HOST_IDTR_BASE, vmm_idt
        write_field VMCS_HOST_SYSENTER_CS, 0    ; the VMM makes no system calls
        write_field VMCS_HOST_SYSENTER_ESP, 0
        write_field VMCS_HOST_SYSENTER_EIP, 0
        ret

; -- Guest state (25.4) -----------------------------------------------------
; As a multiboot loader leaves a processor: 32-bit protected mode, paging off,
; flat segments.  Paging off is possible by the control "unrestricted guest".
%macro flat_segment 3                   ; flat_segment NAME, SELECTOR, ACCESS RIGHTS
        write_field VMCS_GUEST_%1_SEL,   %2
        write_field VMCS_GUEST_%1_BASE,  0
        mov     eax, 0xFFFFFFFF
        write_field VMCS_GUEST_%1_LIMIT, rax
        write_field VMCS_GUEST_%1_AR,    %3
%endmacro

GUEST_BOOT_CODE equ 0x08                ; selectors for show: there is no GDT yet
GUEST_BOOT_DATA equ 0x10

vmcs_guest_state:
        flat_segment CS, GUEST_BOOT_CODE, AR_CODE32
        flat_segment SS, GUEST_BOOT_DATA, AR_DATA32
        flat_segment DS, GUEST_BOOT_DATA, AR_DATA32
        flat_segment ES, GUEST_BOOT_DATA, AR_DATA32
        flat_segment FS, GUEST_BOOT_DATA, AR_DATA32
        flat_segment GS, GUEST_BOOT_DATA, AR_DATA32
        flat_segment LDTR, 0, AR_UNUSABLE

        write_field VMCS_GUEST_TR_SEL,  0       ; TR cannot be unusable
        write_field VMCS_GUEST_TR_BASE, 0
        write_field VMCS_GUEST_TR_LIMIT, tss_size - 1
        write_field VMCS_GUEST_TR_AR,   AR_TSS_BUSY
        write_field VMCS_GUEST_GDTR_BASE, 0
        write_field VMCS_GUEST_GDTR_LIMIT, 0
        write_field VMCS_GUEST_IDTR_BASE, 0
        write_field VMCS_GUEST_IDTR_LIMIT, 0    ; an exception now: triple fault

        mov     edi, CR0_PE                     ; what VMX insists on, without PG
        mov     esi, MSR_VMX_CR0_FIXED0
        call    apply_fixed_bits                ; vmx_on.asm
        btr     rax, 31                         ; CR0_PG: unrestricted guest
        write_field VMCS_GUEST_CR0,     rax
        write_field VMCS_GUEST_CR3,     0
        write_field VMCS_GUEST_CR4,     CR4_VMXE
        write_field VMCS_GUEST_EFER,    0
        write_field VMCS_GUEST_DR7,     0x400   ; the value after a reset

        write_field VMCS_GUEST_RIP,     GUEST_KERNEL
        write_field VMCS_GUEST_RSP,     0       ; the kernel brings its own stack
        write_field VMCS_GUEST_RFLAGS,  RFLAGS_FIXED

        write_field VMCS_GUEST_ACTIVITY, 0      ; active, not halted
        write_field VMCS_GUEST_BLOCKING, 0
        write_field VMCS_GUEST_PENDING_DEBUG, 0
        write_field VMCS_GUEST_DEBUGCTL, 0
        write_field VMCS_GUEST_SYSENTER_CS, 0
        write_field VMCS_GUEST_SYSENTER_ESP, 0
        write_field VMCS_GUEST_SYSENTER_EIP, 0
        write_field VMCS_LINK_POINTER,  -1      ; no shadow VMCS
        ret
