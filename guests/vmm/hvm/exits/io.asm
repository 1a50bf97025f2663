; exits/io.asm - IN and OUT: the guest's COM1 is made of software.
;
; The exit qualification says which port and how (SDM vol. 3, table 28-5).  A
; transmitted byte goes to the VM's console; the transmitter is always ready.
; Other ports are empty: reads give ones, writes go nowhere.

IO_SIZE         equ 7                   ; bits 2:0: bytes minus 1
IO_IN_BIT       equ 3                   ; bit number: 1 = IN
IO_STRING_BIT   equ 4                   ; INS or OUTS
IO_PORT_SHIFT   equ 16

        bits    64
exit_io:
        read_field rax, VMCS_QUALIFICATION
        bt      eax, IO_STRING_BIT
        jc      .string
        mov     edx, eax
        shr     edx, IO_PORT_SHIFT
        bt      eax, IO_IN_BIT
        jc      .in

        cmp     edx, COM1 + UART_DATA
        jne     skip_instruction
        mov     dil, [rbx + vm.rax]     ; AL
        call    console_putc
        jmp     skip_instruction

.in:                                    ; the answer replaces AL, AX or EAX
        mov     ecx, -1
        cmp     edx, COM1 + UART_LSR
        jne     .store
        mov     ecx, UART_LSR_THRE + UART_LSR_TEMT
.store:
        and     eax, IO_SIZE
        jz      .byte
        cmp     eax, 1
        je      .word
        mov     [rbx + vm.rax], rcx     ; a 32-bit IN clears the upper half of RAX
        jmp     skip_instruction
.word:
        mov     [rbx + vm.rax], cx
        jmp     skip_instruction
.byte:
        mov     [rbx + vm.rax], cl
        jmp     skip_instruction

.string:
        mov     edi, string_io
        jmp     vm_crash

        section .data
string_io:      db "string I/O is not emulated", 0

        section .text
