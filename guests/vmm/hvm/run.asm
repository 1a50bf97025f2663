; run.asm - the world switch: VM entry and VM exit.
;
; The processor switches what the VMCS holds (RIP, RSP, RFLAGS, segments,
; control registers, EFER).  The fifteen other general registers are ours to
; switch.  Between vm_enter and vm_exit runs a guest; between vm_exit and
; vm_enter runs the VMM.  There is nothing else.

%macro guest_registers 1                ; all but RBX: guest_registers save|load
        %1      rax
        %1      rcx
        %1      rdx
        %1      rsi
        %1      rdi
        %1      rbp
        %1      r8
        %1      r9
        %1      r10
        %1      r11
        %1      r12
        %1      r13
        %1      r14
        %1      r15
%endmacro

%macro save 1
        mov     [rbx + vm.%1], %1
%endmacro

%macro load 1
        mov     %1, [rbx + vm.%1]
%endmacro

        bits    64
; Enter the current VM.
vm_enter:
        mov     rbx, [current_vm]
        mov     rax, 1
        xchg    rax, [rbx + vm.launched]
        test    rax, rax                ; MOV keeps the flags until the jump
        guest_registers load
        mov     rbx, [rbx + vm.rbx]
        jnz     .again

; -> guest: VMX non-root operation, the ring and the stack in its VMCS.
        vmlaunch
        jmp     vmx_failed              ; still here: the entry was refused
.again:
; -> guest, where it left off.
        vmresume
        jmp     vmx_failed

; A VM exit lands here: VMX root operation, ring 0, 64-bit mode, RSP =
; vmm_stack_top, the general registers still the guest's.
vm_exit:
        push    rbx
        mov     rbx, [current_vm]
        guest_registers save
        pop     qword [rbx + vm.rbx]
        call    dispatch_exit           ; may make another VM the current one
        jmp     vm_enter
