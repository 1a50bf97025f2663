; dispatch.asm - from the exit reason to its handler.
;
; SDM vol. 3, appendix C numbers the reasons.  A handler is called with RBX =
; the VM that exited, on the VMM's stack; when it returns, the current VM -
; this one, or another if the handler called the scheduler - is entered.

        bits    64
dispatch_exit:
        read_field rax, VMCS_EXIT_REASON
        bt      eax, REASON_ENTRY_FAILED
        jc      entry_failed            ; exits/unexpected.asm
        movzx   eax, ax                 ; basic exit reason
        cmp     eax, REASON_COUNT
        jae     exit_unexpected
        inc     qword [rbx + vm.exits + rax * 8]
        imul    eax, eax, exit_entry_size
        jmp     [exit_table + rax + exit_entry.handler]

; EDI = basic exit reason.  Result: RAX = its name.
exit_name:
        mov     eax, unknown_reason
        cmp     edi, REASON_COUNT
        jae     .done
        imul    edi, edi, exit_entry_size
        lea     rax, [exit_table + rdi + exit_entry.name]
.done:
        ret

struc exit_entry
        .handler        resq 1
        .name           resb 24
endstruc

%macro on_exit 2
        istruc  exit_entry
        at exit_entry.handler,  dq %2
        at exit_entry.name,     db %1, 0
        iend
%endmacro

        section .data
unknown_reason: db "unknown", 0
        align   8
exit_table:
        on_exit "exception or NMI",     exit_unexpected         ; 0
        on_exit "external interrupt",   exit_external_interrupt
        on_exit "triple fault",         exit_triple_fault
        on_exit "INIT",                 exit_unexpected
        on_exit "SIPI",                 exit_unexpected
        on_exit "I/O SMI",              exit_unexpected
        on_exit "other SMI",            exit_unexpected
        on_exit "interrupt window",     exit_unexpected
        on_exit "NMI window",           exit_unexpected         ; 8
        on_exit "task switch",          exit_unexpected
        on_exit "CPUID",                exit_cpuid
        on_exit "GETSEC",               exit_unexpected
        on_exit "HLT",                  exit_hlt
        on_exit "INVD",                 exit_unexpected
        on_exit "INVLPG",               exit_unexpected
        on_exit "RDPMC",                exit_unexpected
        on_exit "RDTSC",                exit_unexpected         ; 16
        on_exit "RSM",                  exit_unexpected
        on_exit "VMCALL",               exit_vmcall
        on_exit "VMCLEAR",              exit_vmx_instruction
        on_exit "VMLAUNCH",             exit_vmx_instruction
        on_exit "VMPTRLD",              exit_vmx_instruction
        on_exit "VMPTRST",              exit_vmx_instruction
        on_exit "VMREAD",               exit_vmx_instruction
        on_exit "VMRESUME",             exit_vmx_instruction    ; 24
        on_exit "VMWRITE",              exit_vmx_instruction
        on_exit "VMXOFF",               exit_vmx_instruction
        on_exit "VMXON",                exit_vmx_instruction
        on_exit "CR access",            exit_cr_access
        on_exit "MOV DR",               exit_unexpected
        on_exit "I/O instruction",      exit_io
        on_exit "RDMSR",                exit_rdmsr
        on_exit "WRMSR",                exit_wrmsr              ; 32
        on_exit "invalid guest state",  exit_unexpected
        on_exit "MSR loading",          exit_unexpected
        on_exit "reserved",             exit_unexpected
        on_exit "MWAIT",                exit_unexpected
        on_exit "monitor trap flag",    exit_unexpected
        on_exit "reserved",             exit_unexpected
        on_exit "MONITOR",              exit_unexpected
        on_exit "PAUSE",                exit_unexpected         ; 40
        on_exit "machine check",        exit_unexpected
        on_exit "reserved",             exit_unexpected
        on_exit "TPR below threshold",  exit_unexpected
        on_exit "APIC access",          exit_unexpected
        on_exit "virtualized EOI",      exit_unexpected
        on_exit "GDTR or IDTR access",  exit_unexpected
        on_exit "LDTR or TR access",    exit_unexpected
        on_exit "EPT violation",        exit_ept_violation      ; 48
        on_exit "EPT misconfiguration", exit_unexpected
        on_exit "INVEPT",               exit_vmx_instruction
        on_exit "RDTSCP",               exit_unexpected
        on_exit "preemption timer",     exit_timer
        on_exit "INVVPID",              exit_vmx_instruction
        on_exit "WBINVD",               exit_unexpected
        on_exit "XSETBV",               exit_unexpected
        on_exit "APIC write",           exit_unexpected         ; 56
        on_exit "RDRAND",               exit_unexpected
        on_exit "INVPCID",              exit_unexpected
        on_exit "VMFUNC",               exit_vmx_instruction
        on_exit "ENCLS",                exit_unexpected
        on_exit "RDSEED",               exit_unexpected
        on_exit "page-mod log full",    exit_unexpected
        on_exit "XSAVES",               exit_unexpected
        on_exit "XRSTORS",              exit_unexpected         ; 64

        section .text
