; scheduler.asm - which VM runs: round-robin.
;
; A VM runs until it yields, halts, ends, or its time slice is used up.  The
; slice is measured by the VMX preemption timer (SDM vol. 3, 25.6.1, 26.5.1),
; which counts only while the guest runs and keeps its value across exits.

TIME_SLICE      equ 20000               ; TSC ticks

        bits    64
; Make the next VM that is running the current one; it may be the same one.
schedule_next:
        mov     rbx, [current_vm]
        mov     ecx, VM_COUNT
.next:
        add     rbx, vm_size
        cmp     rbx, vms_end
        jb      .candidate
        mov     ebx, vms
.candidate:
        cmp     qword [rbx + vm.state], VM_RUNNING
        je      vm_switch_to
        dec     ecx
        jnz     .next
        jmp     all_vms_off             ; shutdown.asm

; RBX = VM: from now on the current one, with a fresh time slice.
vm_switch_to:
        mov     [current_vm], rbx
        vmptrld [rbx + vm.vmcs]         ; its VMCS
        jbe     vmx_failed

        mov     r8d, switched_msrs      ; its MSRs
.msr:
        mov     ecx, [r8 + switched_msr.msr]
        mov     eax, [r8 + switched_msr.field]
        mov     rdx, [rbx + rax]
        mov     eax, edx
        shr     rdx, 32
        wrmsr
        add     r8, switched_msr_size
        cmp     r8, switched_msrs_end
        jb      .msr

; The current VM gets a full time slice.
timer_restart:
        mov     ecx, MSR_VMX_MISC       ; the timer counts once every 2^n ticks
        rdmsr
        mov     ecx, eax
        and     ecx, VMX_MISC_TIMER_RATE
        mov     eax, TIME_SLICE
        shr     eax, cl
        inc     eax                     ; at least 1
        write_field VMCS_TIMER, rax
        ret

; MSRs that a guest uses and no VMCS field holds.  The guest's WRMSR exits
; (exits/msr.asm) and leaves the value in its struc vm; we load it here.
struc switched_msr
        .msr            resd 1
        .field          resd 1          ; offset in struc vm
endstruc

        section .data
        align   8
switched_msrs:
        dd      MSR_STAR,   vm.star
        dd      MSR_LSTAR,  vm.lstar
        dd      MSR_SFMASK, vm.sfmask
switched_msrs_end:

        section .text
