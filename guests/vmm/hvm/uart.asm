; uart.asm - the machine's real UART, polled: the VMM's only output.

        bits    32
; 115200 baud, 8N1, FIFOs on, no interrupts.  Keeps EBP and EDI.
uart_init:
        mov     esi, uart_setup
.next:
        lodsb                           ; register ...
        movzx   edx, al
        lodsb                           ; ... and value
        cmp     edx, UART_REGISTERS
        jae     .done
        add     edx, COM1
        out     dx, al
        jmp     .next
.done:
        ret

; AL = character.  Only early_failure uses the 32-bit one; it waits until the
; character is on the line, so that nothing is lost when it stops.
uart_putc_32:
        mov     dx, COM1 + UART_DATA
        out     dx, al
        mov     dx, COM1 + UART_LSR
        mov     ecx, UART_PATIENCE
.wait:
        in      al, dx
        test    al, UART_LSR_TEMT
        jnz     .sent
        dec     ecx
        jnz     .wait
.sent:
        ret

        bits    64
; DIL = character.  Waits until the transmitter has room.
uart_putc:
        mov     ah, UART_LSR_THRE
        call    uart_wait
        mov     eax, edi
        mov     dx, COM1 + UART_DATA
        out     dx, al
        ret

; Wait until everything is on the line.
uart_drain:
        mov     ah, UART_LSR_TEMT

; AH = bit of the line status to wait for.  A UART that never gets ready must
; not hang us.
uart_wait:
        mov     dx, COM1 + UART_LSR
        mov     ecx, UART_PATIENCE
.again:
        in      al, dx
        test    al, ah
        jnz     .ready
        dec     ecx
        jnz     .again
.ready:
        ret

UART_PATIENCE   equ 100000

        section .data
uart_setup:     db UART_IER, 0
                db UART_LCR, UART_LCR_DLAB
                db UART_DATA, UART_DIVISOR
                db UART_IER, 0          ; high byte of the divisor
                db UART_LCR, UART_LCR_8N1
                db UART_FCR, UART_FCR_ENABLE
                db UART_MCR, UART_MCR_READY
                db UART_REGISTERS, 0    ; end of the list

        section .text
