; app_start.asm - into ring 3 and back.
;
; There is no instruction "call ring 3".  IRETQ returns from an interrupt that
; never was: its frame on the stack says where, in which ring, on which stack.

        bits    64
; Runs the application; returns when it has ended.
start_app:
        push    rbx                     ; kernel_main's
        mov     [main_rsp], rsp

        push    USER_DATA               ; SS
        push    APP_STACK_TOP           ; RSP
        push    RFLAGS_FIXED + RFLAGS_IF
        push    USER_CODE_SEL           ; CS: its low bits are the new ring
        push    APP_BASE                ; RIP: app_main
        iretq                           ; -> ring 3, the application's stack

; From a system call or an exception of the application, on that one's stack:
; drop it and return from start_app.
end_app:
        mov     rsp, [main_rsp]         ; back on the stack of kernel_main
        pop     rbx
        ret

        section .bss
        alignb  8
main_rsp:       resq 1

        section .text
