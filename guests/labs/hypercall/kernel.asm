; kernel.asm - the guest kernel: the tour of a virtual machine.
;
; Every VM runs this same image.  Each step below makes the processor leave
; the guest for the VMM in another way, or shows that it does not.  The VMs
; take turns, one step a turn, so the output is in the same order however
; fast the machine is.

%include "x86.inc"
%include "uart.inc"
%include "hypercall.inc"
%include "layout.inc"

        org     KERNEL_BASE

        section .text
%include "boot.asm"             ; 32-bit start, long mode
%include "tables.asm"           ; page tables, GDT, TSS
%include "hypercall.asm"        ; VMCALL, and what is built on it
%include "turn.asm"             ; the VMs take turns
%include "exceptions.asm"       ; IDT, exception handler
%include "syscall.asm"          ; SYSCALL, SYSRET and the system calls
%include "app_start.asm"        ; into ring 3 and back
%include "steps.asm"            ; the steps of the tour

        bits    64
; boot.asm jumps here: ring 0, 64-bit mode, RSP = kernel_stack_top.
kernel_main:
        call    task_register_load
        call    exceptions_init
        call    syscall_init

        mov     ebx, steps
.next:
        call    turn_wait
        call    [rbx]                   ; steps.asm
        call    turn_pass
        add     rbx, 8
        cmp     rbx, steps_end
        jb      .next

        call    turn_wait
        xor     edi, edi                ; all is well
        jmp     shutdown                ; hypercall.asm; no return

        section .data
        align   8
steps:
        dq      step_hello              ; VMCALL
        dq      step_cpuid              ; CPUID
        dq      step_lazy_memory        ; EPT violations
        dq      step_uart               ; I/O
        dq      step_unknown_msr        ; MSR access, event injection
        dq      step_halt               ; HLT
        dq      step_preempted          ; preemption timer
        dq      start_app               ; ring 3
steps_end:

; The application's image, alone in its page: ring 3 sees all of that page.
        align   PAGE_SIZE, db 0
app_image:
        incbin  "app.bin"
        times   APP_SIZE - ($ - app_image) db 0

        section .bss
bss_end:
