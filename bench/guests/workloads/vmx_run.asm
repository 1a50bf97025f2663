; The world switch of vmx.c.

HOST_RSP        equ     0x6c14

                section .text
                bits    64

; uint32_t vmx_enter(uint32_t resume): VMLAUNCH the first time, VMRESUME after it. Comes
; back with 1 at the VM exit, with 0 if the entry failed.
                global  vmx_enter
vmx_enter:      push    rbx
                push    rbp
                push    r12
                push    r13
                push    r14
                push    r15
                mov     eax, HOST_RSP
                vmwrite rax, rsp
                test    edi, edi
                jz      .launch
                vmresume
                jmp     .failed
.launch:        vmlaunch
.failed:        xor     eax, eax
                jmp     leave
                global  vmx_exit
vmx_exit:       mov     eax, 1
leave:          pop     r15
                pop     r14
                pop     r13
                pop     r12
                pop     rbp
                pop     rbx
                ret

                global  vmx_guest_call
vmx_guest_call: vmcall
                jmp     vmx_guest_call

                global  vmx_guest_out
vmx_guest_out:  out     0x80, al
                jmp     vmx_guest_out

                global  vmx_guest_load
vmx_guest_load: mov     eax, [a32 dword 0xfee00020] ; in vmx.c's HOLE; no register, they are the VMM's too
                jmp     vmx_guest_load
