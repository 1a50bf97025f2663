; fault.asm - an IDT with one gate: #GP, the exception that the VMM injects when
; the kernel writes to a page that is read-only.  Any other one is a triple
; fault: the VMM says so and ends the VM.

        bits    64
fault_init:
        mov     eax, general_protection
        mov     edi, idt + VECTOR_GP * gate_size
        mov     [rdi + gate.offset_low], ax
        shr     eax, 16
        mov     [rdi + gate.offset_mid], ax
        mov     word [rdi + gate.selector], KERNEL_CODE
        mov     byte [rdi + gate.type], GATE_INTERRUPT
        lidt    [idtr]
        ret

; On the stack: error code, RIP, CS, RFLAGS, RSP, SS.
general_protection:
        cmp     qword [rsp + 8], check_protect.write
        jne     .unexpected
        mov     qword [rsp + 8], check_protect.faulted
        add     rsp, 8                  ; error code
        iretq                           ; -> the same stack, behind the write
.unexpected:
        say     "kernel: #GP where none was expected", 10
        mov     edi, 1
        jmp     shutdown

        section .data
        align   8
idtr:   dw      (VECTOR_GP + 1) * gate_size - 1
        dq      idt

        section .bss
        alignb  16
idt:    resb    (VECTOR_GP + 1) * gate_size

        section .text
