; syscall.asm - SYSCALL and SYSRET, and the four system calls.
;
; SDM vol. 3, 5.8.8.  SYSCALL changes ring, RIP and flags, and nothing else:
; in particular RSP still is the application's, and must not be trusted.

        bits    64
syscall_init:
        mov     ecx, MSR_STAR           ; selectors: bits 47:32 kernel, 63:48 user
        xor     eax, eax
        mov     edx, (USER_STAR << 16) + KERNEL_CODE
        wrmsr                           ; VM exit, as for the two below
        mov     ecx, MSR_LSTAR
        mov     eax, system_call
        xor     edx, edx
        wrmsr
        mov     ecx, MSR_SFMASK         ; no interrupts, no single steps, forward strings
        mov     eax, RFLAGS_IF + RFLAGS_TF + RFLAGS_DF
        wrmsr
        ret

; From ring 3 by SYSCALL: ring 0, the application's stack, RCX = its RIP,
; R11 = its RFLAGS.  No VM exit: the VMM does not know that this happens.
system_call:
        mov     [app_rsp], rsp
        mov     esp, syscall_stack_top  ; now on the kernel's stack
        push    rcx
        push    r11
        cmp     rax, SYS_COUNT
        jae     .unknown
        call    [system_calls + rax * 8]
        jmp     .return
.unknown:
        mov     rax, -1
.return:
        pop     r11
        pop     rcx
        mov     rsp, [app_rsp]
        o64 sysret                      ; -> ring 3, its own stack, behind the SYSCALL

; SYS_WRITE: RDI = text, RSI = length.  The text is copied: the VMM wants a
; guest-physical address, and the application's pages are not identity-mapped.
; The kernel can read more than the application, so it looks first whose memory
; that is.
sys_write:
        test    rsi, rsi
        jz      .nothing
        cmp     rsi, SYS_WRITE_MAX      ; so it touches two pages at most:
        ja      .invalid
        mov     rax, rdi                ; that of the first byte ...
        call    is_application
        jne     .invalid
        lea     rax, [rdi + rsi - 1]    ; ... and that of the last one
        call    is_application
        jne     .invalid
        mov     rcx, rsi
        mov     rdx, rsi
        mov     rsi, rdi
        mov     edi, write_buffer
        rep movsb
        mov     edi, write_buffer
        mov     rsi, rdx
        jmp     console_write
.nothing:
        xor     eax, eax
        ret
.invalid:
        mov     rax, -1
        ret

; RAX = linear address.  ZF = 1 if it lies in the application or in its stack.
is_application:
        and     rax, -PAGE_SIZE         ; start of its page
        cmp     rax, APP_BASE
        je      .yes
        cmp     rax, APP_STACK_TOP - PAGE_SIZE
.yes:
        ret

sys_vm_id:
        jmp     get_vm_id

sys_yield:
        call    turn_pass
        jmp     turn_wait

sys_exit:
        jmp     end_app                 ; app_start.asm: on another stack, no return

        section .data
        align   8
system_calls:
        dq      sys_write               ; SYS_WRITE
        dq      sys_vm_id               ; SYS_VM_ID
        dq      sys_yield               ; SYS_YIELD
        dq      sys_exit                ; SYS_EXIT

        section .bss
        alignb  16
syscall_stack:  resb PAGE_SIZE
syscall_stack_top:
app_rsp:        resq 1
write_buffer:   resb SYS_WRITE_MAX

        section .text
