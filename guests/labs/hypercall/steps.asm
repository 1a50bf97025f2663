; steps.asm - the steps of the tour.  Each keeps RBX.

LAZY_PAGES      equ 4                   ; pages that step_lazy_memory touches
UNKNOWN_MSR     equ 0x1234              ; no processor has it

        bits    64
; VM exits: VMCALL.
step_hello:
        say     "kernel: 64-bit mode, ring 0; the VMM calls me VM "
        call    get_vm_id
        mov     edi, eax
        call    say_digit
        say     10
        ret

; VM exits: CPUID, unconditionally.
step_cpuid:
        push    rbx                     ; CPUID writes EBX
        mov     eax, CPUID_HYPERVISOR
        cpuid                           ; -> VMM: exits/cpuid.asm
        mov     [signature], ebx
        mov     [signature + 4], ecx
        mov     [signature + 8], edx
        pop     rbx
        say     "kernel: CPUID names the hypervisor "
        mov     edi, signature
        mov     esi, 12
        call    console_write
        say     10
        ret

; VM exits: one EPT violation a page.  The guest's page tables map all of it;
; the EPT does not, before the first touch.
step_lazy_memory:
        push    rbx
        push    rbp
        mov     ebx, LAZY_BASE
        mov     ebp, LAZY_PAGES
.touch:
        mov     [rbx], rbx              ; -> VMM, which maps a page; then again
        cmp     [rbx], rbx              ; no exit: the page is there
        jne     .wrong
        add     rbx, PAGE_SIZE
        dec     ebp
        jnz     .touch
        say     "kernel: touched 4 pages of lazy memory", 10
.done:
        pop     rbp
        pop     rbx
        ret
.wrong:
        say     "kernel: lazy memory forgot what I wrote", 10
        jmp     .done

; VM exits: one IN and one OUT a character.  The UART is not there; the VMM
; plays it.  Port 0x80 is open in the I/O bitmap: no exit.
step_uart:
        push    rbx
        mov     al, 1
        out     PORT_POST, al           ; no VM exit
        mov     ebx, uart_text
.next:
        mov     dx, COM1 + UART_LSR
        in      al, dx                  ; -> VMM: exits/io.asm
        test    al, UART_LSR_THRE
        jz      .next
        mov     dx, COM1 + UART_DATA
        mov     al, [rbx]
        out     dx, al                  ; -> VMM: exits/io.asm
        inc     rbx
        cmp     rbx, uart_text_end
        jb      .next
        pop     rbx
        ret

; VM exits: RDMSR.  The VMM injects #GP, exceptions.asm sends us to
; unknown_msr_fault.
step_unknown_msr:
        mov     ecx, UNKNOWN_MSR
unknown_msr_read:
        rdmsr                           ; -> VMM -> exception handler -> below
        say     "kernel: RDMSR of an unknown MSR worked?", 10
        ret
unknown_msr_fault:
        say     "kernel: RDMSR of an unknown MSR raised #GP", 10
        ret

; VM exits: HLT.
step_halt:
        hlt                             ; -> VMM -> another VM -> ... -> here
        say     "kernel: woke up from HLT", 10
        ret

; VM exits: preemption timer.  Not one instruction of this loop exits, and yet
; the VMM gets the processor.
step_preempted:
        mov     rax, [GUEST_INFO + info.preemptions]
.spin:
        cmp     [GUEST_INFO + info.preemptions], rax
        je      .spin
        say     "kernel: was stopped by the timer and went on", 10
        ret

        section .data
uart_text:      db "kernel: this line went through port 0x3F8", 10
uart_text_end:

        section .bss
signature:      resb 16

        section .text
