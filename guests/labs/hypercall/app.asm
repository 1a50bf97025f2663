; app.asm - the application: ring 3 of a guest.
;
; It can compute, and ask its kernel.  Everything else it tries ends in the
; kernel (#GP) or is refused by the VMM (VMCALL).
;
; start_app (app_start.asm) enters at app_main: ring 3, 64-bit mode, RSP =
; APP_STACK_TOP.

%include "x86.inc"
%include "hypercall.inc"
%include "layout.inc"

        org     APP_BASE
        bits    64

app_main:
        mov     edi, hello
        mov     esi, hello_end - hello
        call    write

; Two VMs run this same program; the kernel knows in which one we are.
        mov     eax, SYS_VM_ID
        syscall                         ; -> ring 0, the kernel's system_call
        add     al, '0'                 ; back in ring 3 on our own stack
        sub     rsp, 16                 ; the text is made on the stack
        mov     dword [rsp], 'VM  '
        mov     [rsp + 3], al
        mov     byte [rsp + 4], 10
        mov     rdi, rsp
        mov     esi, 5
        call    write
        add     rsp, 16

        mov     eax, SYS_YIELD
        syscall                         ; -> kernel -> VMM -> the other VM
        mov     edi, again
        mov     esi, again_end - again
        call    write

; A hypercall is for kernels: VMCALL exits from ring 3 too, but the VMM looks
; at the ring and says no.
        mov     eax, HC_SHUTDOWN
        mov     edi, 1
        vmcall                          ; -> VMM, and back with an error
        cmp     rax, HC_EPERM
        jne     .leave
        mov     edi, refused
        mov     esi, refused_end - refused
        call    write

; CLI is for rings 0 to IOPL: #GP.  The kernel's exception handler ends us.
        cli

.leave:
        mov     eax, SYS_EXIT
        syscall

; RDI = text, RSI = length.
write:
        mov     eax, SYS_WRITE
        syscall                         ; -> ring 0, the kernel's system_call
        ret

hello:          db "app: hello from ring 3 of "
hello_end:
again:          db "app: back from the system call yield", 10
again_end:
refused:        db "app: VMCALL from ring 3 was refused", 10
refused_end:
