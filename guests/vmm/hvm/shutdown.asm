; shutdown.asm - the end: a summary, then the machine is switched off.
;
; The summary has only figures that do not depend on the machine's speed.  So
; there are no yields and timer exits in it: how often the timer strikes is
; another number on every machine.

; Written to PORT_EXIT; QEMU makes it the exit status (value << 1) | 1.
EXIT_SUCCESS    equ 0x10                ; status 33
EXIT_FAILURE    equ 0x11                ; status 35

        bits    64
; All VMs are off: who did what, and did all end well?
all_vms_off:
        say     "[vmm] all VMs are off", 10
        mov     ebx, vms
        xor     r12d, r12d              ; exit codes of all VMs, ORed
.vm:
        or      r12, [rbx + vm.exit_code]
        say     "[vmm] "
        call    print_vm_name
        say     ": exit code "
        mov     rdi, [rbx + vm.exit_code]
        call    print_decimal
        mov     ebp, summary
.figure:
        say     ", "
        mov     eax, [rbp + summary_line.field]
        mov     rdi, [rbx + rax]
        call    print_decimal
        lea     rdi, [rbp + summary_line.text]
        call    print_z
        add     rbp, summary_line_size
        cmp     rbp, summary_end
        jb      .figure
        call    print_newline
        add     rbx, vm_size
        cmp     rbx, vms_end
        jb      .vm

        test    r12, r12
        jnz     power_off_failure
        mov     edi, EXIT_SUCCESS
        jmp     power_off

power_off_failure:
        mov     edi, EXIT_FAILURE

; DIL = exit code.  QEMU and our own machine stop at the first door, Bochs at
; the second; a real PC sleeps.
power_off:
        push    rdi
        call    uart_drain              ; or the last characters are lost
        pop     rax
        out     PORT_EXIT, al
        mov     edx, PORT_BOCHS
        mov     esi, bochs_shutdown
        mov     ecx, bochs_shutdown_end - bochs_shutdown
        rep outsb
.sleep:
        cli
        hlt
        jmp     .sleep

struc summary_line
        .field          resd 1          ; offset in struc vm of a counter
        .text           resb 20
endstruc

%macro figure 2
        istruc  summary_line
        at summary_line.field,  dd %1
        at summary_line.text,   db %2, 0
        iend
%endmacro

        section .data
        align   4
summary:
        figure  vm.exits + 8 * REASON_CPUID,            " CPUID"
        figure  vm.exits + 8 * REASON_HLT,              " HLT"
        figure  vm.exits + 8 * REASON_IO,               " I/O"
        figure  vm.exits + 8 * REASON_RDMSR,            " RDMSR"
        figure  vm.exits + 8 * REASON_WRMSR,            " WRMSR"
        figure  vm.exits + 8 * REASON_CR_ACCESS,        " CR access"
        figure  vm.exits + 8 * REASON_EPT_VIOLATION,    " EPT violations"
        figure  vm.console_writes,                      " console writes"
summary_end:
bochs_shutdown: db "Shutdown"
bochs_shutdown_end:

        section .text
