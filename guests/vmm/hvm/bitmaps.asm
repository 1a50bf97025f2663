; bitmaps.asm - which ports and which MSRs of a guest cause a VM exit.
;
; SDM vol. 3, 25.6.4 and 25.6.9.  A set bit means "exit".  We start with all
; bits set - a guest owns nothing - and open what is harmless.  All VMs share
; these bitmaps.

; The MSR bitmap is four bitmaps of 1 KiB, each for 0x2000 MSRs.
MSR_READ_HIGH   equ 1024                ; reads of 0xC0000000-0xC0001FFF
MSR_WRITE_HIGH  equ 3072                ; writes of the same
MSR_HIGH        equ 0xC0000000

        bits    64
bitmaps_init:
        mov     edi, io_bitmap_a
        mov     eax, -1
        mov     ecx, (bitmaps_end - io_bitmap_a) / 4
        rep stosd

; The POST display shows a number and does nothing else.
        btr     dword [io_bitmap_a + PORT_POST / 32 * 4], PORT_POST % 32

; FS.base and GS.base are in the VMCS: each VM has its own, no exit needed.
        mov     edi, msr_bitmap + MSR_READ_HIGH
        mov     esi, msr_bitmap + MSR_WRITE_HIGH
        mov     eax, MSR_FS_BASE - MSR_HIGH
        btr     [rdi], eax
        btr     [rsi], eax
        mov     eax, MSR_GS_BASE - MSR_HIGH
        btr     [rdi], eax
        btr     [rsi], eax
        ret

        section .bss
        alignb  PAGE_SIZE
io_bitmap_a:    resb PAGE_SIZE          ; ports 0x0000-0x7FFF
io_bitmap_b:    resb PAGE_SIZE          ; ports 0x8000-0xFFFF
msr_bitmap:     resb PAGE_SIZE
bitmaps_end:

        section .text
