; exceptions.asm - the kernel's IDT and its one exception handler.
;
; Exceptions of the guest do not exit: the processor delivers them through
; this IDT without the VMM.  #GP for an unknown MSR is different: the VMM
; injects it, and it arrives here in the very same way.

STUB_SIZE       equ 16                  ; room for one stub

        bits    64
; One stub a vector.  The processor comes here in ring 0: on the same stack if
; it was in ring 0 already, on the TSS's RSP0 if it was in ring 3.
%assign vector 0
%rep EXCEPTIONS
        align   STUB_SIZE
        %if vector = 0
exception_stubs:
        %endif
        %if ((ERROR_CODE_VECTORS >> vector) & 1) = 0
        push    0                       ; where others have an error code
        %endif
        push    vector
        jmp     exception
%assign vector vector + 1
%endrep

; What lies on the stack when a stub has run.
struc frame
        .vector         resq 1
        .error_code     resq 1
        .rip            resq 1          ; from here on pushed by the processor
        .cs             resq 1
        .rflags         resq 1
        .rsp            resq 1
        .ss             resq 1
endstruc

exception:
        cmp     qword [rsp + frame.rip], unknown_msr_read
        je      .expected
        test    byte [rsp + frame.cs], RING_3
        jnz     .application

; A mistake of the kernel.
        say     "kernel: exception "
        call    say_vector
        say     " in ring 0: giving up", 10
        mov     edi, 1
        jmp     shutdown

; step_unknown_msr wants to know: go on at another place.
.expected:
        mov     qword [rsp + frame.rip], unknown_msr_fault
        add     rsp, frame.rip          ; vector and error code
        iretq                           ; -> ring 0, the stack of the step

; A mistake of the application: it ends, the kernel goes on.
.application:
        say     "kernel: the application raised exception "
        call    say_vector
        say     " and was ended", 10
        jmp     end_app                 ; app_start.asm

; Print the vector of the frame that lies above the return address.
say_vector:
        mov     rax, [rsp + 8 + frame.vector]
        xor     edx, edx
        mov     ecx, 10
        div     ecx
        push    rdx
        mov     edi, eax
        call    say_digit
        pop     rdi
        jmp     say_digit

; Fill the gates and load IDTR.
exceptions_init:
        mov     eax, exception_stubs
        mov     edi, idt
        mov     ecx, EXCEPTIONS
.next:
        mov     edx, eax
        mov     [rdi + gate.offset_low], dx
        shr     edx, 16
        mov     [rdi + gate.offset_mid], dx
        mov     word [rdi + gate.selector], KERNEL_CODE
        mov     byte [rdi + gate.type], GATE_INTERRUPT
        add     eax, STUB_SIZE
        add     rdi, gate_size
        dec     ecx
        jnz     .next
        lidt    [idtr]
        ret

        section .data
        align   8
idtr:   dw      EXCEPTIONS * gate_size - 1
        dq      idt

        section .bss
        alignb  16
idt:    resb    EXCEPTIONS * gate_size

        section .text
