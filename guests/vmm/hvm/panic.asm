; panic.asm - last words: name what went wrong, then power off.
;
; A mistake of a guest ends that VM (vm_crash in exits/unexpected.asm).  What
; comes here is a mistake of the VMM.

        bits    64
; A VMX instruction failed (SDM vol. 3, 31.2): CF says there is no current
; VMCS, ZF says the current VMCS holds an error number.
vmx_failed:
        jc      .no_vmcs
        say     "[vmm] panic: a VMX instruction failed: "
        read_field rax, VMCS_INSTRUCTION_ERROR
        cmp     eax, INSTRUCTION_ERRORS
        jb      .known
        xor     eax, eax
.known:
        imul    eax, eax, INSTRUCTION_ERROR_SIZE
        lea     rdi, [instruction_errors + rax]
        call    print_z
        call    print_newline
        jmp     power_off_failure
.no_vmcs:
        say     "[vmm] panic: a VMX instruction failed without a current VMCS", 10
        jmp     power_off_failure

; The VMM raised an exception.  RSP = struc exception_frame.
panic_exception:
        say     "[vmm] panic: exception in the VMM, vector "
        mov     rdi, [rsp + exception_frame.vector]
        call    print_decimal
        say     ", error code "
        mov     rdi, [rsp + exception_frame.error_code]
        call    print_hex
        say     ", RIP "
        mov     rdi, [rsp + exception_frame.rip]
        call    print_hex
        call    print_newline
        jmp     power_off_failure

; Print the last exit of the current VM and a line end.
print_exit:
        say     ", exit reason "
        read_field rax, VMCS_EXIT_REASON
        movzx   eax, ax                 ; bits 15:0; above are flags
        push    rax
        mov     edi, eax
        call    print_decimal
        say     " "
        pop     rdi
        call    exit_name               ; dispatch.asm
        mov     rdi, rax
        call    print_z
        say     ", qualification "
        read_field rdi, VMCS_QUALIFICATION
        call    print_hex
        say     ", guest RIP "
        read_field rdi, VMCS_GUEST_RIP
        call    print_hex
print_newline:
        mov     edi, 10
        jmp     uart_putc

; The numbers of SDM vol. 3, 31.4.
INSTRUCTION_ERROR_SIZE equ 56
%macro instruction_error 1
%%text:
        db      %1
        times INSTRUCTION_ERROR_SIZE - ($ - %%text) db 0
%endmacro

        section .data
instruction_errors:
        instruction_error "unknown error"                                   ; 0
        instruction_error "VMCALL in VMX root operation"
        instruction_error "VMCLEAR with invalid physical address"
        instruction_error "VMCLEAR with VMXON pointer"
        instruction_error "VMLAUNCH with non-clear VMCS"
        instruction_error "VMRESUME with non-launched VMCS"
        instruction_error "VMRESUME after VMXOFF"
        instruction_error "VM entry with invalid control field"
        instruction_error "VM entry with invalid host-state field"          ; 8
        instruction_error "VMPTRLD with invalid physical address"
        instruction_error "VMPTRLD with VMXON pointer"
        instruction_error "VMPTRLD with incorrect VMCS revision identifier"
        instruction_error "VMREAD or VMWRITE of unsupported field"
        instruction_error "VMWRITE to read-only field"
        instruction_error "unknown error"
        instruction_error "VMXON in VMX root operation"
        instruction_error "VM entry with invalid executive VMCS pointer"    ; 16
        instruction_error "VM entry with non-launched executive VMCS"
        instruction_error "VM entry: executive VMCS is not the VMXON one"
        instruction_error "VMCALL with non-clear VMCS"
        instruction_error "VMCALL with invalid VM-exit control fields"
        instruction_error "unknown error"
        instruction_error "VMCALL with incorrect MSEG revision"
        instruction_error "VMXOFF under dual-monitor treatment"
        instruction_error "VMCALL with invalid SMM-monitor features"        ; 24
        instruction_error "VM entry with invalid execution controls"
        instruction_error "VM entry with events blocked by MOV SS"
        instruction_error "unknown error"
        instruction_error "invalid operand to INVEPT or INVVPID"            ; 28
INSTRUCTION_ERRORS equ ($ - instruction_errors) / INSTRUCTION_ERROR_SIZE

        section .text
