; exits/vmx_instruction.asm - a guest used a VMX instruction other than VMCALL.
;
; CPUID says there is no VMX, so the guest gets what a processor without VMX
; gives: #UD.

        bits    64
exit_vmx_instruction:
        jmp     inject_ud
