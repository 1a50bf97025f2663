; idt.asm - exceptions in the VMM itself.
;
; The VMM should raise none, so every gate leads to a panic.  Exceptions of
; guests do not come here: their own IDT takes them, without a VM exit.
;
; One stub a vector pushes what differs (SDM vol. 3, 6.13): vectors without an
; error code push a 0 in its place, then the vector.

STUB_SIZE       equ 16                  ; room for one stub

        bits    64
%assign vector 0
%rep EXCEPTIONS
        align   STUB_SIZE
        %if vector = 0
exception_stubs:
        %endif
        %if ((ERROR_CODE_VECTORS >> vector) & 1) = 0
        push    0
        %endif
        push    vector
        jmp     panic_exception         ; ring 0, same stack: struc exception_frame
%assign vector vector + 1
%endrep

; What lies on the stack when a stub has run.
struc exception_frame
        .vector         resq 1
        .error_code     resq 1
        .rip            resq 1          ; from here on pushed by the processor
        .cs             resq 1
        .rflags         resq 1
        .rsp            resq 1
        .ss             resq 1
endstruc

; Fill the gates and load IDTR.
idt_load:
        mov     eax, exception_stubs
        mov     edi, vmm_idt
        mov     ecx, EXCEPTIONS
.next:
        mov     edx, eax
        mov     [rdi + gate.offset_low], dx
        shr     edx, 16
        mov     [rdi + gate.offset_mid], dx
        mov     word [rdi + gate.selector], VMM_CODE
        mov     byte [rdi + gate.type], GATE_INTERRUPT
        add     eax, STUB_SIZE
        add     rdi, gate_size
        dec     ecx
        jnz     .next
        lidt    [vmm_idtr]
        ret

        section .data
        align   8
vmm_idtr:
        dw      EXCEPTIONS * gate_size - 1
        dq      vmm_idt

        section .bss
        alignb  16
vmm_idt:        resb EXCEPTIONS * gate_size

        section .text
