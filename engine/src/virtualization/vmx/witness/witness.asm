; witness.asm - what does a VM exit report?  Every case of cases.inc is a tiny
; guest; this program runs it and prints, on one line, what the processor put
; into the VMCS.  Under Bochs the lines are the record (witness.txt), on our own
; machine they must be the same.
;
;   nasm -f bin -I guests/include/ -I HERE/ -o HERE/witness.img HERE/witness.asm
;
; Each case starts from the same VMCS (baseline.inc) plus the fields it names.

        org     0x100000

%include "x86.inc"
%include "uart.inc"
%include "multiboot.inc"
%include "vmx.inc"

        section .text   align=16
        section .data   follows=.text align=16
        section .roots  follows=.data align=16
        section .cases  follows=.roots align=16
        section .bss    nobits follows=.cases align=4096

        section .roots
root_cases:
        section .cases
cases:

        section .text
image_start:
        bits    32
        align   4
header:
        dd      MULTIBOOT_MAGIC, MULTIBOOT_ADDRESSES, -(MULTIBOOT_MAGIC + MULTIBOOT_ADDRESSES)
        dd      header, image_start, image_end, bss_end, entry

entry:
        cli
        cld
        mov     esp, stack_top
        mov     dword [pml4], pdpt + 7
        mov     dword [pdpt], pd + 7
        mov     edi, pd                 ; the first GiB, one to one, 2 MiB pages
        mov     eax, 0x87
        mov     ecx, 512
.map:   mov     [edi], eax
        add     eax, 0x200000
        add     edi, 8
        loop    .map
        mov     eax, CR4_PAE + CR4_VMXE
        mov     cr4, eax
        mov     eax, pml4
        mov     cr3, eax
        mov     ecx, MSR_EFER
        rdmsr
        or      eax, EFER_LME
        wrmsr
        mov     eax, cr0
        or      eax, CR0_PG + CR0_WP + CR0_NE + CR0_PE
        and     eax, ~0x60000000        ; caching on: Bochs's BIOS leaves it off
        mov     cr0, eax
        lgdt    [gdtr]
        jmp     dword CODE64:start_64

        bits    64
start_64:
        mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        xor     eax, eax
        mov     fs, eax
        mov     gs, eax
        mov     esp, stack_top
        mov     eax, tss64
        mov     [gdt.tss64 + 2], ax
        shr     eax, 16
        mov     [gdt.tss64 + 4], al
        mov     eax, TSS64
        ltr     ax
        lidt    [idtr]
        mov     dx, COM1 + UART_LCR
        mov     al, UART_LCR_8N1
        out     dx, al

        mov     ecx, MSR_FEATURE_CONTROL
        rdmsr
        test    al, 1
        jnz     .locked
        or      al, 5
        wrmsr
.locked:
        mov     ecx, MSR_VMX_BASIC
        rdmsr
        mov     [revision], eax
        mov     [vmxon_region], eax
        vmxon   [vmxon_pointer]
        jbe     stop

        mov     esi, true_msrs          ; the bits that must be 1
        mov     edi, must
.must:  lodsd
        mov     ecx, eax
        jecxz   .ept
        rdmsr
        mov     [rdi], eax
        add     edi, 4
        jmp     .must

; EPT: 4 KiB pages one to one below 2 MiB, 2 MiB pages up to 1 GiB.
.ept:   mov     dword [ept_pml4], ept_pdpt + 7
        mov     dword [ept_pdpt], ept_pd + 7
        mov     edi, ept_pd
        mov     eax, 7 + 0x80 + (6 << 3)
        mov     ecx, 512
.ept2:  mov     [rdi], eax
        add     eax, 0x200000
        add     edi, 8
        loop    .ept2
        mov     dword [ept_pd], ept_pt + 7
        mov     edi, ept_pt
        mov     eax, 7 + (6 << 3)
        mov     ecx, 512
.ept1:  mov     [rdi], eax
        add     eax, 4096
        add     edi, 8
        loop    .ept1
        mov     qword [ept_pt + (P_MISSING >> 9)], 0
        mov     qword [ept_pt + (P_READ >> 9)], P_READ + 1 + (6 << 3)
        mov     qword [ept_pt + (P_DATA >> 9)], P_DATA + 3 + (6 << 3)
        mov     qword [ept_pt + (P_CODE >> 9)], P_CODE + 5 + (6 << 3)
        mov     qword [ept_pt + (P_WRONG >> 9)], P_WRONG + 2 + (6 << 3)
        mov     qword [P_READ], pdpt + 7        ; a PML4 that cannot take an accessed flag
        mov     dword [P_CODE], 0xc1010f90      ; nop; vmcall

        call    run_root_cases
        mov     r15d, cases
next_case:
        mov     eax, [r15 + case_head.name]
        test    eax, eax
        jz      stop
        mov     [current], r15
        call    run_case
        jmp     next_case

stop:   mov     dx, COM1 + 5
.drain: in      al, dx
        test    al, 0x40
        jz      .drain
        mov     al, 0x10
        out     PORT_EXIT, al
        mov     edx, PORT_BOCHS
        mov     esi, off
        mov     ecx, 8
        rep outsb
        cli
        hlt
        jmp     stop

struc case_head
        .name   resd 1
        .code   resd 1
        .mode   resd 1
endstruc

; R15 = case.  Leaves R15 at the next one.
run_case:
        mov     edi, vmcs
        xor     eax, eax
        mov     ecx, 512
        rep stosq
        mov     eax, [revision]
        mov     [vmcs], eax
        vmclear [vmcs_pointer]
        vmptrld [vmcs_pointer]

        mov     esi, baseline
        call    write_fields
        mov     r14d, [r15 + case_head.mode]
        cmp     r14d, 64
        jne     .short
        mov     esi, baseline_64
        call    write_fields
.short:
        mov     edx, VMCS_PIN_CONTROLS  ; the controls: wanted + must be 1
        mov     eax, [must]
        vmwrite rdx, rax
        mov     edx, VMCS_CPU_CONTROLS
        mov     eax, [must + 4]
        or      eax, CPU_SECONDARY + CPU_IO_BITMAPS + CPU_MSR_BITMAPS + CPU_HLT
        vmwrite rdx, rax
        mov     edx, VMCS_CPU_CONTROLS_2
        mov     eax, CPU2_EPT + CPU2_UNRESTRICTED + CPU2_RDTSCP
        vmwrite rdx, rax
        mov     edx, VMCS_EXIT_CONTROLS
        mov     eax, [must + 8]
        or      eax, EXIT_HOST_64 + EXIT_LOAD_EFER + EXIT_SAVE_EFER + EXIT_SAVE_DEBUG
        vmwrite rdx, rax
        mov     edx, VMCS_ENTRY_CONTROLS
        mov     eax, [must + 12]
        or      eax, ENTRY_LOAD_EFER + ENTRY_LOAD_DEBUG
        cmp     r14d, 64
        jne     .entry
        or      eax, ENTRY_GUEST_64
.entry: vmwrite rdx, rax

        mov     rax, cr0
        mov     edx, VMCS_HOST_CR0
        vmwrite rdx, rax
        mov     rax, cr4
        mov     edx, VMCS_HOST_CR4
        vmwrite rdx, rax
        mov     eax, [r15 + case_head.code]
        mov     edx, VMCS_GUEST_RIP
        vmwrite rdx, rax
        lea     esi, [r15 + case_head_size]
        call    write_fields
        mov     r15, rsi
        mov     [resume], r15

        xor     eax, eax                ; the same registers for every guest
        xor     ecx, ecx
        xor     ebx, ebx
        xor     edx, edx
        xor     ebp, ebp
        xor     esi, esi
        xor     edi, edi
        xor     r8d, r8d
        xor     r9d, r9d
        xor     r10d, r10d
        xor     r11d, r11d
        xor     r12d, r12d
        xor     r13d, r13d
        xor     r14d, r14d
        xor     r15d, r15d
        vmlaunch
        jz      .valid
        mov     edi, text_invalid
        call    print_name
        call    print
        jmp     .done
.valid: mov     edi, text_valid
        call    print_name
        call    print
        mov     edx, VMCS_INSTRUCTION_ERROR
        vmread  rdi, rdx
        call    print_hex
.done:  mov     edi, newline
        call    print
        mov     r15, [resume]
        ret

; VMX instructions in root operation: prints the six arithmetic flags, the
; VM-instruction error and RAX.
run_root_cases:
        vmclear [vmcs_pointer]
        mov     eax, [revision]
        mov     [vmcs], eax
        mov     [other_vmcs], eax
        xor     eax, 1
        mov     [wrong_vmcs], eax
        vmptrld [vmcs_pointer]
        mov     r15d, root_cases
.next:  mov     eax, [r15]
        test    eax, eax
        jz      .end
        mov     [current], r15
        xor     eax, eax
        call    [r15 + 8]
        pushfq
        pop     r12
        mov     [guest_rax], rax
        xor     edi, edi
        call    print_name
        mov     edi, text_flags
        call    print
        mov     rdi, r12
        and     edi, 0x8d5
        call    print_hex
        mov     edi, text_error
        call    print
        mov     edx, VMCS_INSTRUCTION_ERROR
        xor     edi, edi
        vmread  rdi, rdx
        call    print_hex
        mov     edi, text_rax
        call    print
        mov     rdi, [guest_rax]
        call    print_hex
        mov     edi, newline
        call    print
        add     r15, 16
        jmp     .next
.end:   ret

; VM exits land here.
vm_exit:
        mov     [guest_rax], rax
        mov     edi, 0
        call    print_name
        mov     r13d, report
.field: mov     edi, r13d
        add     r13d, 6
        call    print
        mov     edx, [r13]
        add     r13d, 4
        vmread  rdi, rdx
        cmp     edx, VMCS_GUEST_RIP
        jne     .plain
        mov     rax, [current]
        mov     eax, [rax + case_head.code]
        sub     rdi, rax
.plain: call    print_hex
        cmp     r13d, report_end
        jb      .field
        mov     edi, text_rax
        call    print
        mov     rdi, [guest_rax]
        call    print_hex
        mov     edi, newline
        call    print
        mov     r15, [resume]
        mov     rsp, stack_top
        jmp     next_case

; RSI = list of field (4 bytes), value (8 bytes); ends with field -1.
write_fields:
        lodsd
        cmp     eax, -1
        je      .end
        mov     edx, eax
        lodsq
        cmp     edx, ADD_BITS           ; ADD_BITS + field: set these bits
        jb      .write
        cmp     edx, CLEAR_BITS
        jae     .clear
        sub     edx, ADD_BITS
        vmread  rcx, rdx
        or      rax, rcx
        jmp     .write
.clear: sub     edx, CLEAR_BITS
        vmread  rcx, rdx
        not     rax
        and     rax, rcx
.write: vmwrite rdx, rax
        jmp     write_fields
.end:   ret

ADD_BITS        equ 0x10000
CLEAR_BITS      equ 0x20000

; EDI = rest of the text, or 0.
print_name:
        push    rdi
        mov     rax, [current]
        mov     edi, [rax + case_head.name]
        call    print
        mov     edi, colon
        call    print
        pop     rdi
        ret

; EDI = text, zero-terminated.
print:
        movzx   eax, byte [rdi]
        test    al, al
        jz      .end
        mov     ah, al
        mov     dx, COM1 + 5
.wait:  in      al, dx
        test    al, 0x20
        jz      .wait
        mov     al, ah
        mov     dx, COM1
        out     dx, al
        inc     edi
        jmp     print
.end:   ret

; RDI = number; only as many digits as it needs.
print_hex:
        mov     rax, rdi
        mov     edi, digits_end
.digit: mov     edx, eax
        and     edx, 15
        mov     dl, [rdx + hex_digits]
        dec     edi
        mov     [rdi], dl
        shr     rax, 4
        jnz     .digit
        jmp     print

; An exception in this program itself: say so and stop.
fault:  mov     edi, text_fault
        call    print
        jmp     stop

; The guests' only handler.
guest_handler:
        vmcall

        section .data
        align   8
gdt:    dq      0
.code64: dq     DESC_CODE64_R0
.data:  dq      0x00CF92000000FFFF
.tss64: dw      0x67, 0
        db      0, DESC_TSS64, 0, 0
        dq      0
.code32: dq     0x00CF9A000000FFFF
.tss32: dw      0x67, 0
        db      0x1F, DESC_TSS64, 0, 0
.end:
CODE64  equ     gdt.code64 - gdt
DATA    equ     gdt.data - gdt
TSS64   equ     gdt.tss64 - gdt
CODE32  equ     gdt.code32 - gdt
TSS32   equ     gdt.tss32 - gdt
gdtr:   dw      gdt.end - gdt - 1
        dq      gdt
idtr:   dw      256 * 16 - 1
        dq      idt
        align   16
; Gates that lead to the end of this program, and for the guests.
%macro gates 2                          ; handler, selector
  %rep 256
        dw      (%1 - image_start + 0x100000) & 0xffff, %2
        db      0, GATE_INTERRUPT
        dw      (%1 - image_start + 0x100000) >> 16
        dd      0, 0
  %endrep
%endmacro
idt:    gates fault, CODE64
guest_idt: gates guest_handler, CODE64

true_msrs:
        dd      MSR_VMX_TRUE_PINBASED, MSR_VMX_TRUE_PROCBASED, MSR_VMX_TRUE_EXIT, MSR_VMX_TRUE_ENTRY, 0
vmcs_pointer:   dq vmcs
vmxon_pointer:  dq vmxon_region
off:            db "Shutdown"
colon:          db ": ", 0
newline:        db 10, 0
text_invalid:   db "VMfailInvalid", 0
text_valid:     db "VMfailValid ", 0
text_fault:     db "exception in the witness itself", 10, 0
hex_digits:     db "0123456789abcdef"
digits:         times 16 db 0
digits_end:     db 0

; What a line says: text of six bytes, field.
%macro shows 2
        db      %1, 0
        dd      %2
%endmacro
report: shows   "why= ", VMCS_EXIT_REASON
        shows   " qua=", VMCS_QUALIFICATION
        shows   " int=", VMCS_EXIT_EVENT
        shows   " err=", VMCS_EXIT_ERROR_CODE
        shows   " idt=", VMCS_IDT_VECTORING
        shows   " ide=", VMCS_IDT_ERROR_CODE
        shows   " len=", VMCS_EXIT_LENGTH
        shows   " inf=", VMCS_EXIT_INFO
        shows   " gla=", VMCS_GUEST_LINEAR
        shows   " gpa=", VMCS_GUEST_PHYSICAL
        shows   " rip=", VMCS_GUEST_RIP
        shows   " rsp=", VMCS_GUEST_RSP
        shows   " flg=", VMCS_GUEST_RFLAGS
        shows   " blk=", VMCS_GUEST_BLOCKING
        shows   " act=", VMCS_GUEST_ACTIVITY
        shows   " pnd=", VMCS_GUEST_PENDING_DEBUG
        shows   " cr0=", VMCS_GUEST_CR0
        shows   " cr3=", VMCS_GUEST_CR3
        shows   " dr7=", VMCS_GUEST_DR7
        shows   " cs= ", VMCS_GUEST_CS_SEL
        shows   " csa=", VMCS_GUEST_CS_AR
        shows   " evt=", VMCS_ENTRY_EVENT
report_end:
text_flags:     db "root=", 0
text_error:     db " err=", 0
text_rax:       db " rax=", 0

%include "baseline.inc"
%include "root-cases.inc"
%include "cases.inc"

        section .roots
        dd      0

        section .cases
        dd      0
image_end:

        section .bss
pml4:           resb 4096
pdpt:           resb 4096
pd:             resb 4096
ept_pml4:       resb 4096
ept_pdpt:       resb 4096
ept_pd:         resb 4096
ept_pt:         resb 4096
vmxon_region:   resb 4096
vmcs:           resb 4096
other_vmcs:     resb 4096
wrong_vmcs:     resb 4096
io_bitmap_a:    resb 4096
io_bitmap_b:    resb 4096
msr_bitmap:     resb 4096
msr_list:       resb 4096
scratch:        resb 4096
stack:          resb 8192
stack_top:
guest_stack:    resb 8192
guest_stack_top:
tss64:          resb 4096
must:           resd 4
revision:       resd 1
                resd 1
current:        resq 1
resume:         resq 1
guest_rax:      resq 1
bss_end:
