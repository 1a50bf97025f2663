; console.asm - text on the serial line, and who says it.
;
; The VMM prints at once.  Text of a VM is collected until the line is
; complete and then printed after "[vmN] ", so lines of different VMs never
; mix, whenever the timer strikes.

; say "text", 10 - print a constant text.  The text lies in the code, jumped
; over, so that it can be read where it is printed.
%macro say 1+
        jmp     %%print
%%text: db      %1
%%end:
%%print:
        mov     edi, %%text
        mov     esi, %%end - %%text
        call    print
%endmacro

        bits    64
; RDI = text, RSI = length.
print:
        push    rbx
        push    rbp
        mov     rbx, rdi
        lea     rbp, [rdi + rsi]
.next:
        cmp     rbx, rbp
        jae     .done
        movzx   edi, byte [rbx]
        call    uart_putc
        inc     rbx
        jmp     .next
.done:
        pop     rbp
        pop     rbx
        ret

; RDI = text that ends with a zero byte.
print_z:
        mov     rsi, -1
.measure:
        inc     rsi
        cmp     byte [rdi + rsi], 0
        jne     .measure
        jmp     print

; RDI = number, printed in decimal.
print_decimal:
        mov     rax, rdi
        mov     ecx, 10
        mov     edi, digits_end         ; digits come out last one first
.next:
        xor     edx, edx
        div     rcx
        add     edx, '0'
        dec     rdi
        mov     [rdi], dl
        test    rax, rax
        jnz     .next
        mov     esi, digits_end
        sub     rsi, rdi
        jmp     print

; RDI = number, printed as 0x and 16 hexadecimal digits.
print_hex:
        mov     rax, rdi
        mov     edi, digits_end
.next:
        mov     edx, eax
        and     edx, 15
        mov     dl, [hex_digits + rdx]
        dec     rdi
        mov     [rdi], dl
        shr     rax, 4
        cmp     rdi, digits_end - 16
        ja      .next
        sub     rdi, 2
        mov     word [rdi], '0x'
        mov     esi, 18
        jmp     print

; RBX = VM: prints "vmN".
print_vm_name:
        say     "vm"
        mov     rdi, [rbx + vm.id]
        jmp     print_decimal

; RBX = VM, DIL = a character it writes.
console_putc:
        cmp     dil, 10
        je      console_flush
        mov     rax, [rbx + vm.line_length]
        mov     [rbx + vm.line + rax], dil
        inc     rax
        mov     [rbx + vm.line_length], rax
        cmp     rax, CONSOLE_LINE
        jae     console_flush
        ret

; RBX = VM: print its line, complete or not.
console_flush:
        say     "["
        call    print_vm_name
        say     "] "
        lea     rdi, [rbx + vm.line]
        mov     rsi, [rbx + vm.line_length]
        mov     qword [rbx + vm.line_length], 0
        call    print
        mov     edi, 10
        jmp     uart_putc

CONSOLE_LINE    equ 128                 ; longest line of a VM

        section .data
hex_digits:     db "0123456789abcdef"

        section .bss
digits:         resb 24                 ; the longest number has 20 digits
digits_end:

        section .text
