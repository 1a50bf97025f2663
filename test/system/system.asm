; system.asm - what system programming does, case by case, told on COM1.
;
; The same image runs on the engine and under Bochs; what they say must be
; equal. A case is written TRY "name" ... END: the report is `ok`, or the
; exception with its error code, the fault's offset from the case's start, CS
; and flags as saved, and SS when the stack was switched.

%include "multiboot.inc"
%include "uart.inc"

        org 0x100000
        bits 32

page_tables     equ 0x200000
FLAGS_SHOWN     equ 0x57700             ; TF IF DF IOPL NT RF AC

start_of_image:
        dd MULTIBOOT_MAGIC, MULTIBOOT_ADDRESSES, -(MULTIBOOT_MAGIC + MULTIBOOT_ADDRESSES)
        dd start_of_image, start_of_image, 0, end_of_bss, entry

; --- the language of the cases ------------------------------------------------------
%macro PRINT 1
        call print_inline
        db %1, 0
%endmacro
%macro VALUE 1
        push dword %1
        call print_value
%endmacro
%macro NEWLINE 0
        PRINT 10
%endmacro
%macro TRY 1
%push try
        PRINT {%1, ": "}
        mov dword [resume], %$done
        mov dword [start], %$start
        mov [resume_sp], esp
        mov dword [r_vec], -1
%$start:
%endmacro
%macro END 0
%$done:
        call report
%pop
%endmacro
%macro ENDQUIET 0
%$done:
%pop
%endmacro
%macro USER_WITH 2
TRY %1
        push SEL_DATA3 | 3
        push user_stack_top
        push dword %2
        push SEL_CODE3 | 3
        push %$user
        mov dword [start], %$user
        push SEL_DATA3 | 3
        pop ds
        push SEL_DATA3 | 3
        pop es
        iretd
%$user:
%endmacro
%macro USER 1
USER_WITH %1, 2
%endmacro
%macro USER3 1
USER_WITH %1, 0x3002
%endmacro
%macro ENDUSER 0
        int 0x80
END
%endmacro

; The same in 64-bit code.
%macro PRINT64 1
        call print_inline64
        db %1, 0
%endmacro
%macro VALUE64 1
        push %1
        call print_value64
%endmacro
%macro NEWLINE64 0
        PRINT64 10
%endmacro
%macro TRY64 1
%push try
        PRINT64 {%1, ": "}
        push rax
        lea rax, [%$done]
        mov [resume], rax
        lea rax, [%$start]
        mov [start], rax
        pop rax
        mov [resume_sp], rsp
        mov dword [r_vec], -1
%$start:
%endmacro
%macro END64 0
%$done:
        call report64
%pop
%endmacro
%macro USER64 1
TRY64 %1
        push SEL_DATA3 | 3
        push user_stack_top
        push 2
        push SEL_CODE64_3 | 3
        lea rax, [%$user]
        mov [start], rax
        push rax
        iretq
%$user:
%endmacro
%macro ENDUSER64 0
        int 0x80
END64
%endmacro

entry:
        cli
        cld
        mov esp, main_stack_top
        lgdt [gdt_pointer]
        lidt [idt_pointer]
        jmp SEL_CODE0:.reload
.reload:
        mov ax, SEL_DATA0
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov fs, ax
        mov gs, ax
        mov al, 0xff                    ; no interrupts from outside
        out PIC1_DATA, al
        out PIC2_DATA, al
        call serial_setup
        mov eax, 0xffff0ff0             ; the firmware may have left something
        mov dr6, eax
        xor eax, eax
        lldt ax
        mov ax, SEL_TSS
        ltr ax
        call real_tests
        call protected_tests
        call interrupt_tests
        call apic_tests
        call x87_tests
        jmp long_tests

finish:
        bits 64
        PRINT64 {"end", 10}
.drain:
        mov dx, COM1 + UART_LSR
        in al, dx
        test al, UART_LSR_TEMT
        jz .drain
        mov dx, PORT_BOCHS
        mov rsi, shutdown_text
        mov ecx, 8
        rep outsb
        xor eax, eax
        out PORT_EXIT, al
        hlt
        bits 32

; --- printing --------------------------------------------------------------------------
serial_setup:
        mov dx, COM1 + UART_IER
        xor al, al
        out dx, al
        mov dx, COM1 + UART_LCR
        mov al, UART_LCR_8N1
        out dx, al
        mov dx, COM1 + UART_FCR
        mov al, UART_FCR_ENABLE
        out dx, al
        ret

; AL to COM1. Keeps everything.
putc:
        push eax
        push edx
        mov ah, al
        mov dx, COM1 + UART_LSR
.wait:
        in al, dx
        test al, UART_LSR_THRE
        jz .wait
        mov al, ah
        mov dx, COM1
        out dx, al
        pop edx
        pop eax
        ret

; The text behind the call. Keeps registers and flags.
print_inline:
        xchg esi, [esp]
        pushfd
        push eax
        cld
.next:
        cs lodsb
        test al, al
        jz .done
        call putc
        jmp .next
.done:
        pop eax
        popfd
        xchg esi, [esp]
        ret

; A pushed value in hexadecimal and a space. Keeps registers and flags.
print_value:
        pushfd
        pushad
        mov edx, [esp + 40]
        mov ecx, 8
.digit:
        rol edx, 4
        mov al, dl
        and al, 15
        cmp al, 10
        sbb al, 0x69
        das
        call putc
        loop .digit
        mov al, ' '
        call putc
        popad
        popfd
        ret 4

print_zf:
        pushfd
        push eax
        mov al, '-'
        jnz .put
        mov al, 'Z'
.put:
        call putc
        mov al, ' '
        call putc
        pop eax
        popfd
        ret

print_cr2:
        push eax
        PRINT "cr2 "
        mov eax, cr2
        VALUE eax
        NEWLINE
        pop eax
        ret

report:
        cmp dword [r_vec], -1
        jne .fault
        PRINT {"ok", 10}
        ret
.fault:
        push eax
        PRINT "vec "
        VALUE dword [r_vec]
        PRINT "err "
        VALUE dword [r_err]
        PRINT "at "
        mov eax, [r_ip]
        sub eax, [start]
        VALUE eax
        PRINT "cs "
        VALUE dword [r_cs]
        PRINT "flags "
        mov eax, [r_flags]
        and eax, FLAGS_SHOWN
        VALUE eax
        test byte [r_cs], 3
        jz .same
        PRINT "ss "
        VALUE dword [r_ss]
.same:
        NEWLINE
        pop eax
        ret

; --- 32-bit handlers -----------------------------------------------------------------------
%macro HAS_ERROR_CODE 1                 ; sets has_code
%assign has_code 0
%if %1 == 8 || (%1 >= 10 && %1 <= 14) || %1 == 17
%assign has_code 1
%endif
%endmacro

%assign n 0
%rep 256
stub32_ %+ n:
        HAS_ERROR_CODE n
%if has_code == 0
        push 0
%endif
        push dword n
        jmp near common32
%assign n n + 1
%endrep

common32:
        cld
        pushad
        push ds
        mov ax, SEL_DATA0
        mov ds, ax
        mov es, ax
        mov eax, [esp + 36]
        mov [r_vec], eax
        mov eax, [esp + 40]
        mov [r_err], eax
        mov eax, [esp + 44]
        mov [r_ip], eax
        mov eax, [esp + 48]
        mov [r_cs], eax
        mov eax, [esp + 52]
        mov [r_flags], eax
        mov eax, [esp + 60]
        mov [r_ss], eax
        pop eax
        popad
        push SEL_DATA0
        pop ss
        mov esp, [resume_sp]
        jmp [resume]

; Entered through a 16-bit gate, in a code segment with base 1 MiB.
gate16:
        push eax
        movzx eax, word [esp + 4]
        add eax, 0x100000
        mov [r_ip], eax
        movzx eax, word [esp + 6]
        mov [r_cs], eax
        movzx eax, word [esp + 8]
        mov [r_flags], eax
        mov dword [r_vec], 0x83
        mov dword [r_err], 0
        mov eax, [resume]
        mov [resume_far], eax
        pop eax
        mov esp, [resume_sp]
        jmp far [resume_far]

%include "real.inc"
%include "protected.inc"
%include "interrupts.inc"
%include "apic.inc"
%include "x87.inc"
%include "long.inc"

; --- 64-bit printing and handlers ----------------------------------------------------------
        bits 64
        default rel
putc64:
        push rax
        push rdx
        mov ah, al
        mov dx, COM1 + UART_LSR
.wait:
        in al, dx
        test al, UART_LSR_THRE
        jz .wait
        mov al, ah
        mov dx, COM1
        out dx, al
        pop rdx
        pop rax
        ret

print_inline64:
        xchg rsi, [rsp]
        pushfq
        push rax
        cld
.next:
        lodsb
        test al, al
        jz .done
        call putc64
        jmp .next
.done:
        pop rax
        popfq
        xchg rsi, [rsp]
        ret

print_value64:
        pushfq
        push rax
        push rcx
        push rdx
        mov rdx, [rsp + 40]
        mov ecx, 16
.digit:
        rol rdx, 4
        mov al, dl
        and al, 15
        add al, '0'
        cmp al, '9'
        jbe .put
        add al, 'A' - '9' - 1
.put:
        call putc64
        loop .digit
        mov al, ' '
        call putc64
        pop rdx
        pop rcx
        pop rax
        popfq
        ret 8

print_cr2_64:
        push rax
        PRINT64 "cr2 "
        mov rax, cr2
        VALUE64 rax
        NEWLINE64
        pop rax
        ret

report64:
        cmp dword [r_vec], -1
        jne .fault
        PRINT64 {"ok", 10}
        ret
.fault:
        push rax
        PRINT64 "vec "
        VALUE64 qword [r_vec]
        PRINT64 "err "
        VALUE64 qword [r_err]
        PRINT64 "at "
        mov rax, [r_ip]
        sub rax, [start]
        VALUE64 rax
        PRINT64 "cs "
        VALUE64 qword [r_cs]
        PRINT64 "flags "
        mov rax, [r_flags]
        and eax, FLAGS_SHOWN
        VALUE64 rax
        PRINT64 "ss "
        VALUE64 qword [r_ss]
        NEWLINE64
        pop rax
        ret

%assign n 0
%rep 256
stub64_ %+ n:
        HAS_ERROR_CODE n
%if has_code == 0
        push 0
%endif
        push strict dword n
        jmp near common64
%assign n n + 1
%endrep

common64:
        cld
        push rax
        mov rax, [rsp + 8]
        mov [r_vec], rax
        mov rax, [rsp + 16]
        mov [r_err], rax
        mov rax, [rsp + 24]
        mov [r_ip], rax
        mov rax, [rsp + 32]
        mov [r_cs], rax
        mov rax, [rsp + 40]
        mov [r_flags], rax
        mov rax, [rsp + 56]
        mov [r_ss], rax
        lea rax, [rsp + 64]
        mov [r_frame], rax
        mov eax, SEL_DATA0
        mov ss, eax
        pop rax
        mov rsp, [resume_sp]
        jmp [resume]

; --- tables ---------------------------------------------------------------------------------
%macro SEGMENT_AT 4                     ; name, base, limit, access and flags (bits 8-15, 20-23 of the high word)
%1      equ $ - gdt
        dw (%3) & 0xffff, (%2) & 0xffff
        dd (((%2) >> 16) & 0xff) | (%4) | ((%3) & 0xf0000) | ((%2) & 0xff000000)
%endmacro
%macro GATE_AT 4                        ; name, selector, offset, access byte << 8 | parameters
%1      equ $ - gdt
        dw (%3) & 0xffff, %2
        dd (%4) | ((%3) & 0xffff0000)
%endmacro

        align 16
gdt:
        dq 0
        SEGMENT_AT SEL_CODE0, 0, 0xfffff, 0xc09a00
        SEGMENT_AT SEL_DATA0, 0, 0xfffff, 0xc09200
        SEGMENT_AT SEL_CODE3, 0, 0xfffff, 0xc0fa00
        SEGMENT_AT SEL_DATA3, 0, 0xfffff, 0xc0f200
        SEGMENT_AT SEL_TSS, (start_tss), (tss_end - tss - 1), 0x008900
        SEGMENT_AT SEL_LDT, (start_ldt), 7, 0x008200
        SEGMENT_AT SEL_RODATA, 0, 0xfffff, 0xc09000
        SEGMENT_AT SEL_ABSENT, 0, 0xfffff, 0xc01200
        SEGMENT_AT SEL_XONLY, 0, 0xfffff, 0xc09800
        SEGMENT_AT SEL_CONFORM, 0, 0xfffff, 0xc09e00
        SEGMENT_AT SEL_DOWN, 0, 0x00fff, 0x409600
        SEGMENT_AT SEL_SMALL, 0, 0x000ff, 0x409200
        SEGMENT_AT SEL_FRESH, 0, 0x000ff, 0x409200
        SEGMENT_AT SEL_SMALL3, (start_small), 0x000ff, 0x40f200
        GATE_AT SEL_GATE, SEL_CODE0, (start_far_function), 0xec00
        GATE_AT SEL_GATE2, SEL_CODE0, (start_gate_function), 0xec02
        GATE_AT SEL_GATE_ABSENT, SEL_CODE0, 0, 0x6c00
        GATE_AT SEL_GATE_DATA, SEL_DATA0, 0, 0xec00
        SEGMENT_AT SEL_TSS2, (start_tss2), 103, 0x008900
        GATE_AT SEL_TASKGATE, SEL_TSS2, 0, 0xe500
        SEGMENT_AT SEL_NPCODE, 0, 0xfffff, 0xc01a00
        SEGMENT_AT SEL_SHORT, 0, 0x0ffff, 0x409a00
        SEGMENT_AT SEL_BASED, 0x100000, 0x0ffff, 0x409a00
        SEGMENT_AT SEL_CODE64, 0, 0xfffff, 0xa09a00
        SEGMENT_AT SEL_CODE64_3, 0, 0xfffff, 0xa0fa00
        SEGMENT_AT SEL_LD, 0, 0xfffff, 0xe09a00
        SEGMENT_AT SEL_SYSRET, 0, 0xfffff, 0xc0fa00
        SEGMENT_AT SEL_SYSRET_DATA, 0, 0xfffff, 0xc0f200
        SEGMENT_AT SEL_SYSRET_CODE, 0, 0xfffff, 0xa0fa00
        SEGMENT_AT SEL_SYSCALL, 0, 0xfffff, 0xa09a00
        SEGMENT_AT SEL_SYSCALL_DATA, 0, 0xfffff, 0xc09200
        SEGMENT_AT SEL_SYSENTER, 0, 0xfffff, 0xc09a00
        SEGMENT_AT SEL_SYSENTER_DATA, 0, 0xfffff, 0xc09200
        SEGMENT_AT SEL_SYSEXIT, 0, 0xfffff, 0xc0fa00
        SEGMENT_AT SEL_SYSEXIT_DATA, 0, 0xfffff, 0xc0f200
        SEGMENT_AT SEL_TSS64, (start_tss64), 103, 0x008900
        dq 0
        SEGMENT_AT SEL_LDT64, (start_ldt), 7, 0x008200
        dq 0
        GATE_AT SEL_GATE64, SEL_CODE64, (start_gate64), 0x8c00
        dq 0
        SEGMENT_AT SEL_CODE16, REAL_SEGMENT * 16, 0x0ffff, 0x009a00
        SEGMENT_AT SEL_DATA16, 0, 0x0ffff, 0x009200
SEL_LAST        equ $ - gdt - 8
gdt_end:
gdt_pointer:
        dw gdt_end - gdt - 1
        dd gdt

; NASM computes with numbers only, and labels are numbers once the origin is subtracted.
start_tss               equ tss - start_of_image + 0x100000
start_tss2              equ tss2 - start_of_image + 0x100000
start_tss64             equ tss64 - start_of_image + 0x100000
start_ldt               equ ldt - start_of_image + 0x100000
start_small             equ scratch - start_of_image + 0x100000
start_far_function      equ far_function - start_of_image + 0x100000
start_gate_function     equ gate_function - start_of_image + 0x100000
start_gate64            equ gate64_function - start_of_image + 0x100000

ldt:
        dd 0x0000ffff, 0x00cf9200

%macro IDT_GATE 3                       ; selector, offset, access << 8
        dw ((%2) - start_of_image) & 0xffff, %1
        dd (%3) | ((((%2) - start_of_image + 0x100000) >> 16) << 16)
%endmacro

        align 16
idt:
%assign n 0
%rep 0x96
%assign access 0x8e00
%if n == 0x80
%assign access 0xee00
%elif n == 0x82
%assign access 0x8f00
%elif n == 0x90
%assign access 0x0e00
%elif n == 0x91
%assign access 0x8c00
%endif
%assign selector 0x08
%if n == 0x92
%assign selector 0
%elif n == 0x93
%assign selector 0x10
%elif n == 0x94
%assign selector 0xa8
%endif
%if n == 0x83
        dw gate16 - start_of_image, SEL_BASED
        dd 0x8600
%elif n == 0x85
        dw 0, SEL_TSS2
        dd 0x8500
%else
        IDT_GATE selector, stub32_ %+ n, access
%endif
%assign n n + 1
%endrep
idt_end:
idt_pointer:
        dw idt_end - idt - 1
        dd idt

        align 16
idt64:
%assign n 0
%rep 0x96
%assign access 0x8e00
%assign high 0
%if n == 0x80
%assign access 0xee00
%elif n == 0x81
%assign access 0x8e01
%elif n == 0x86
%assign access 0x8e02
%elif n == 0x83
%assign access 0x8600
%elif n == 0x85
%assign access 0x8500
%elif n == 0x88
%assign high 0x8000
%endif
%if n == 0x87
        IDT_GATE SEL_CODE0, stub64_ %+ n, access
%else
        IDT_GATE SEL_CODE64, stub64_ %+ n, access
%endif
        dd high, 0
%assign n n + 1
%endrep
idt64_end:
idt64_pointer:
        dw idt64_end - idt64 - 1
        dq idt64

        align 16
tss:
        dd 0, ring0_stack_top, SEL_DATA0
        times 102 - ($ - tss) db 0
        dw 104
        times 0x61 / 8 db 0xff
        db 0xfd                         ; port 0x61 is allowed
        times 128 - 0x61 / 8 db 0xff
tss_end:
        align 16
tss2:
        times 32 db 0
        dd task_entry, 2
        times 4 dd 0
        dd task_stack_top, 0, 0, 0
        dd SEL_DATA0, SEL_CODE0, SEL_DATA0, SEL_DATA0, 0, 0, 0
        dw 0, 104
        align 16
tss64:
        dd 0
        dq ring0_stack_top, 0, 0, 0
        dq ist_stack_top, 0x800000000000, 0, 0, 0, 0, 0, 0
        times 102 - ($ - tss64) db 0
        dw 104

shutdown_text:  db "Shutdown"

        align 16
resume:         dq 0
resume_sp:      dq 0
start:          dq 0
r_vec:          dq 0
r_err:          dq 0
r_ip:           dq 0
r_cs:           dq 0
r_flags:        dq 0
r_ss:           dq 0
r_frame:        dq 0
resume_far:     dd 0, SEL_CODE0
result:         dd 0
task_saw:       times 4 dd 0
scratch:        times 256 db 0
end_of_image:

        absolute end_of_image
        resb 4096
main_stack_top:
        resb 4096
ring0_stack_top:
        resb 4096
user_stack_top:
        resb 4096
task_stack_top:
        resb 4096
        alignb 16
ist_stack_top:
end_of_bss:
