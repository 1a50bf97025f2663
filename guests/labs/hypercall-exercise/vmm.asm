; vmm.asm - the VMM of guests/vmm/hvm with two files of your own.
;
; hypercalls.asm, exits/ept_violation.asm and hypercall.inc are this folder's;
; everything else is the VMM's as it is.  Its vmm.asm says in which order to read.

VMM_BASE        equ 0x100000            ; linear = host-physical, 1 MiB
VM_COUNT        equ 2

        org     VMM_BASE

%include "x86.inc"
%include "uart.inc"
%include "multiboot.inc"
%include "vmx.inc"
%include "hypercall.inc"
%include "../../vmm/hvm/vmcs_access.asm"

        section .text
image_start:
; -- From the boot loader to 64-bit mode
%include "../../vmm/hvm/entry.asm"
%include "../../vmm/hvm/uart.asm"
%include "../../vmm/hvm/long_mode.asm"
; -- Services of the VMM
%include "../../vmm/hvm/console.asm"
%include "../../vmm/hvm/main.asm"
%include "../../vmm/hvm/memory.asm"
%include "../../vmm/hvm/pic.asm"
%include "../../vmm/hvm/idt.asm"
%include "../../vmm/hvm/panic.asm"
%include "../../vmm/hvm/shutdown.asm"
; -- Virtualization
%include "../../vmm/hvm/vmx_on.asm"
%include "../../vmm/hvm/controls.asm"
%include "../../vmm/hvm/vm.asm"
%include "../../vmm/hvm/ept.asm"
%include "../../vmm/hvm/bitmaps.asm"
%include "../../vmm/hvm/vmcs.asm"
%include "../../vmm/hvm/run.asm"
%include "../../vmm/hvm/dispatch.asm"
%include "../../vmm/hvm/inject.asm"
%include "../../vmm/hvm/scheduler.asm"
%include "hypercalls.asm"                       ; yours
; -- One file an exit reason
%include "../../vmm/hvm/exits/cpuid.asm"
%include "../../vmm/hvm/exits/hlt.asm"
%include "../../vmm/hvm/exits/vmcall.asm"
%include "../../vmm/hvm/exits/io.asm"
%include "../../vmm/hvm/exits/msr.asm"
%include "../../vmm/hvm/exits/cr_access.asm"
%include "exits/ept_violation.asm"              ; yours
%include "../../vmm/hvm/exits/timer.asm"
%include "../../vmm/hvm/exits/external_interrupt.asm"
%include "../../vmm/hvm/exits/triple_fault.asm"
%include "../../vmm/hvm/exits/vmx_instruction.asm"
%include "../../vmm/hvm/exits/unexpected.asm"

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
