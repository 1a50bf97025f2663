; vmm.asm - a small bare-metal virtual machine monitor for Intel VMX with EPT.
;
; It boots like a kernel (multiboot 1), takes the processor into VMX root
; operation, starts VM_COUNT virtual machines with the same guest kernel and
; lets them run in turn until all have shut down.  This file only puts the
; parts in order; read them in this order too.
;
; Conventions in 64-bit code:
;   RDI, RSI, RDX   arguments; RAX result
;   RBX             in everything that runs for a VM: its struc vm
;   RBX, RBP, R12-R15 survive a call; R10 and R11 belong to the macros of
;                   vmcs_access.asm; the rest is free
;   Addresses fit in 32 bits, so "mov edi, label" loads a pointer (writing a
;   32-bit register clears the upper half).

VMM_BASE        equ 0x100000            ; linear = host-physical, 1 MiB
VM_COUNT        equ 2

        org     VMM_BASE

%include "x86.inc"
%include "uart.inc"
%include "multiboot.inc"
%include "vmx.inc"
%include "hypercall.inc"
%include "vmcs_access.asm"      ; macros around VMREAD and VMWRITE

        section .text
image_start:
; -- From the boot loader to 64-bit mode
%include "entry.asm"            ; multiboot header, first instruction, checks
%include "uart.asm"             ; the real COM1
%include "long_mode.asm"        ; page tables, GDT, the switch
; -- Services of the VMM
%include "console.asm"          ; text of the VMM and of the VMs
%include "main.asm"             ; the whole story in thirty lines
%include "memory.asm"           ; pages
%include "pic.asm"              ; interrupt controllers: silent
%include "idt.asm"              ; exceptions in the VMM itself
%include "panic.asm"            ; last words
%include "shutdown.asm"         ; summary and power off
; -- Virtualization
%include "vmx_on.asm"           ; is there VMX? then VMXON
%include "controls.asm"         ; what the processor can do of what we need
%include "vm.asm"               ; struc vm; making a VM
%include "ept.asm"              ; guest-physical to host-physical
%include "bitmaps.asm"          ; which ports and MSRs exit
%include "vmcs.asm"             ; controls, host state, guest state
%include "run.asm"              ; VM entry, VM exit: the world switch
%include "dispatch.asm"         ; exit reason to handler
%include "inject.asm"           ; skip an instruction, raise an exception
%include "scheduler.asm"        ; whose turn it is
%include "hypercalls.asm"       ; what VMCALL can ask for
; -- One file an exit reason
%include "exits/cpuid.asm"
%include "exits/hlt.asm"
%include "exits/vmcall.asm"
%include "exits/io.asm"
%include "exits/msr.asm"
%include "exits/cr_access.asm"
%include "exits/ept_violation.asm"
%include "exits/timer.asm"
%include "exits/external_interrupt.asm"
%include "exits/triple_fault.asm"
%include "exits/vmx_instruction.asm"
%include "exits/unexpected.asm"

; -- The guest kernel, as an image to copy into each VM
        section .data
        align   8
kernel_image:
        incbin  "kernel.bin"
        align   8, db 0
kernel_image_end:
image_end:

        section .bss
        alignb  PAGE_SIZE
heap_start:                             ; memory.asm gives out pages from here on
