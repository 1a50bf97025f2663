; entry.asm - the multiboot header and the first instructions.
;
; The boot loader (GRUB, or a machine that knows multiboot) enters here in
; 32-bit protected mode, ring 0, paging off, interrupts off, with
; EAX = MULTIBOOT_BOOTED and EBX = struc multiboot_info.  There is no stack.

HEADER_FLAGS    equ MULTIBOOT_MEMORY_INFO + MULTIBOOT_ADDRESSES
MEMORY_NEEDED   equ 24 * 1024           ; KiB above 1 MiB; see memory.asm

        bits    32
        align   4
header:
        istruc  multiboot_header
        at multiboot_header.magic,         dd MULTIBOOT_MAGIC
        at multiboot_header.flags,         dd HEADER_FLAGS
        at multiboot_header.checksum,      dd -(MULTIBOOT_MAGIC + HEADER_FLAGS)
        at multiboot_header.header_addr,   dd header
        at multiboot_header.load_addr,     dd image_start
        at multiboot_header.load_end_addr, dd image_end
        at multiboot_header.bss_end_addr,  dd heap_start
        at multiboot_header.entry_addr,    dd entry
        iend

entry:
        cli
        cld
        mov     esp, vmm_stack_top      ; the VMM's one and only stack
        mov     ebp, eax                ; CPUID and OUT need EAX and EBX
        mov     edi, ebx
        call    uart_init

        mov     esi, no_multiboot
        cmp     ebp, MULTIBOOT_BOOTED
        jne     early_failure

        mov     esi, no_memory
        cmp     dword [edi + multiboot_info.mem_upper], MEMORY_NEEDED
        jb      early_failure

        mov     esi, no_long_mode
        mov     eax, CPUID_EXTENDED - 1 ; is there a leaf 0x80000001 at all?
        cpuid
        cmp     eax, CPUID_EXTENDED
        jb      early_failure
        mov     eax, CPUID_EXTENDED
        cpuid
        test    edx, CPUID_EXT_EDX_LM
        jz      early_failure

        jmp     enter_long_mode         ; long_mode.asm

; ESI = text.  Nothing but the UART works yet: say it and stop.
early_failure:
        lodsb
        test    al, al
        jz      .stop
        call    uart_putc_32
        jmp     early_failure
.stop:
        mov     al, EXIT_FAILURE        ; as power_off in shutdown.asm
        out     PORT_EXIT, al
        mov     dx, PORT_BOCHS
        mov     esi, bochs_shutdown
        mov     ecx, bochs_shutdown_end - bochs_shutdown
        rep outsb
.forever:
        hlt
        jmp     .forever

        section .data
no_multiboot:   db "[vmm] not started by a multiboot loader", 10, 0
no_memory:      db "[vmm] the machine has too little memory: 32 MiB are needed", 10, 0
no_long_mode:   db "[vmm] this processor has no 64-bit mode", 10, 0

        section .bss
        alignb  16
vmm_stack:      resb 4 * PAGE_SIZE
vmm_stack_top:

        section .text
