; hypercall.asm - the kernel's requests to the VMM.  The ABI is in
; hypercall.inc: RAX = number, RDI and RSI = arguments, RAX = result.

; say "text", 10 - print a constant text by a hypercall.
%macro say 1+
        jmp     %%print
%%text: db      %1
%%end:
%%print:
        mov     edi, %%text
        mov     esi, %%end - %%text
        call    console_write
%endmacro

        bits    64
; RDI = text, RSI = length.  The VMM wants a guest-physical address; in the
; kernel's half of memory that is the same number as the linear one.
console_write:
        mov     eax, HC_CONSOLE_WRITE
        vmcall                          ; -> VMM: exits/vmcall.asm, on its own stack
        ret                             ; the VMM has moved RIP behind the VMCALL

; Result: RAX = 1, 2, ...
get_vm_id:
        mov     eax, HC_GET_VM_ID
        vmcall                          ; -> VMM
        ret

; Other VMs run before this returns.
yield:
        mov     eax, HC_YIELD
        vmcall                          ; -> VMM -> another VM -> ... -> here
        ret

; EDI = exit code.  Does not return.
shutdown:
        mov     eax, HC_SHUTDOWN
        vmcall                          ; -> VMM, which never enters this VM again

; RDI = number from 0 to 9.
say_digit:
        add     edi, '0'
        mov     [digit], dil
        mov     edi, digit
        mov     esi, 1
        jmp     console_write

        section .bss
digit:  resb    8

        section .text
