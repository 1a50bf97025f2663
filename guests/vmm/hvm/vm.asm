; vm.asm - a virtual machine as the VMM sees it, and how one is made.

VM_OFF          equ 0
VM_RUNNING      equ 1

struc vm
; The guest's general registers while the VMM runs, saved and restored by
; run.asm.  RSP, RIP and RFLAGS are in the VMCS: the processor switches them.
        .rax            resq 1
        .rbx            resq 1
        .rcx            resq 1
        .rdx            resq 1
        .rsi            resq 1
        .rdi            resq 1
        .rbp            resq 1
        .r8             resq 1
        .r9             resq 1
        .r10            resq 1
        .r11            resq 1
        .r12            resq 1
        .r13            resq 1
        .r14            resq 1
        .r15            resq 1
; MSRs that neither the VMCS nor the processor switches; see scheduler.asm.
        .star           resq 1
        .lstar          resq 1
        .sfmask         resq 1
; Who it is and how it is.
        .id             resq 1          ; 1, 2, ...; also its VPID
        .state          resq 1          ; VM_OFF or VM_RUNNING
        .launched       resq 1          ; 0: next entry by VMLAUNCH, 1: by VMRESUME
        .exit_code      resq 1          ; once VM_OFF
; Host-physical addresses of what belongs to it.
        .vmcs           resq 1
        .ept            resq 1          ; EPT PML4 table
        .ram            resq 1
        .info           resq 1          ; struc info, seen by the guest
; The line it is writing (console.asm).
        .line_length    resq 1
        .line           resb CONSOLE_LINE
; Figures.
        .console_writes resq 1
        .exits          resq REASON_COUNT       ; VM exits by basic exit reason
endstruc

        bits    64
; RBX = struc vm full of zeros, EDI = id.  Makes a VM that is ready to be
; entered.  Leaves its VMCS current.
vm_create:
        mov     [rbx + vm.id], rdi
        mov     qword [rbx + vm.state], VM_RUNNING

        dec     edi                     ; its RAM: the next 2 MiB
        imul    rax, rdi, GUEST_RAM_SIZE
        add     rax, HOST_VM_RAM
        mov     [rbx + vm.ram], rax
        mov     rdi, rax                ; the kernel's image goes to the start
        mov     esi, kernel_image
        mov     ecx, (kernel_image_end - kernel_image) / 8
        rep movsq

        call    page_alloc
        mov     [rbx + vm.info], rax
        mov     rcx, [rbx + vm.id]
        mov     [rax + info.vm_id], rcx
        mov     qword [rax + info.vm_count], VM_COUNT
        mov     qword [rax + info.running], (1 << VM_COUNT) - 1

        mov     qword [rbx + vm.rax], BOOT_MAGIC
        mov     qword [rbx + vm.rbx], GUEST_INFO

        call    ept_create              ; ept.asm
        jmp     vmcs_create             ; vmcs.asm

; RBX = VM, RDI = exit code.  It will not run again.
vm_stop:
        mov     qword [rbx + vm.state], VM_OFF
        mov     [rbx + vm.exit_code], rdi
        mov     rdx, [rbx + vm.id]
        dec     edx
        mov     eax, vms                ; tell the others
.next:
        mov     rcx, [rax + vm.info]
        btr     qword [rcx + info.running], rdx
        add     rax, vm_size
        cmp     rax, vms_end
        jb      .next
        ret

        section .bss
        alignb  8
vms:            resb VM_COUNT * vm_size
vms_end:
current_vm:     resq 1                  ; the VM whose VMCS is current

        section .text
