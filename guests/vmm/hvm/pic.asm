; pic.asm - the two 8259 interrupt controllers.
;
; No device of this machine interrupts the VMM: it polls the UART, and time
; comes from the VMX preemption timer.  The controllers are still moved away
; from vectors 8-15, where IRQ 0 would look like a double fault, and masked.

        bits    64
pic_silence:
        mov     esi, pic_setup
        mov     ecx, PIC_STEPS
.next:
        movzx   edx, byte [rsi]         ; port
        mov     al, [rsi + 1]           ; value
        out     dx, al
        add     rsi, 2
        dec     ecx
        jnz     .next
        ret

        section .data
pic_setup:      db PIC1_COMMAND, PIC_INIT
                db PIC2_COMMAND, PIC_INIT
                db PIC1_DATA, PIC1_VECTOR       ; ICW2: first vector
                db PIC2_DATA, PIC2_VECTOR
                db PIC1_DATA, 1 << 2            ; ICW3: the second one is on IRQ 2
                db PIC2_DATA, 2
                db PIC1_DATA, PIC_8086          ; ICW4
                db PIC2_DATA, PIC_8086
                db PIC1_DATA, 0xFF              ; mask everything
                db PIC2_DATA, 0xFF
PIC_STEPS       equ ($ - pic_setup) / 2

        section .text
