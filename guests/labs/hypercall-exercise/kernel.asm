; kernel.asm - the guest kernel of the exercise: the examiner.
;
; It tries what you have built in the VMM and says what it finds, one line a
; task.  Do not change this file; change hypercalls.asm and
; exits/ept_violation.asm.  The tasks E1 and E2 stand in docs/labs/hypercall.md.
;
; Start, page tables and the calls to the VMM are those of the lab "hypercall".

%include "x86.inc"
%include "hypercall.inc"                ; this folder's: with the new numbers
%include "../hypercall/layout.inc"

        org     KERNEL_BASE

        section .text
%include "../hypercall/boot.asm"        ; 32-bit start, long mode
%include "../hypercall/tables.asm"      ; page tables, GDT
%include "../hypercall/hypercall.asm"   ; VMCALL; say
%include "../hypercall/turn.asm"        ; the VMs take turns
%include "fault.asm"                    ; #GP, which the VMM is to inject
%include "checks.asm"                   ; what is tried

        bits    64
; boot.asm jumps here: ring 0, 64-bit mode, RSP = kernel_stack_top.
kernel_main:
        call    fault_init
        mov     ebx, checks
.next:
        call    turn_wait
        call    [rbx]                   ; EAX = 0: passed, 1: not
        add     [failures], eax
        call    turn_pass
        add     rbx, 8
        cmp     rbx, checks_end
        jb      .next

        call    turn_wait
        mov     edi, [failures]         ; 0 = all is well
        jmp     shutdown                ; hypercall.asm; no return

        section .data
        align   8
checks:
        dq      check_get_exits         ; E1
        dq      check_protect           ; E2
checks_end:

        align   PAGE_SIZE, db 0
app_image:                              ; no application: tables.asm maps an empty page
        times   PAGE_SIZE db 0

        section .bss
        alignb  8
failures:       resd 1
bss_end:
