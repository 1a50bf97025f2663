; main.asm - what the VMM does, from the first 64-bit instruction to the first
; guest instruction.  After that it only reacts: see run.asm.

        bits    64
vmm_main:
        call    pic_silence
        call    idt_load
        call    vmx_on
        say     "[vmm] VMX root operation: EPT, unrestricted guest, preemption timer", 10
        call    bitmaps_init
        call    page_alloc
        mov     [shared_page], rax

        mov     ebx, vms                ; make the VMs one after the other
        mov     r12d, 1                 ; id
.create:
        mov     edi, r12d
        call    vm_create
        say     "[vmm] "
        call    print_vm_name
        say     ": 2 MiB of memory, kernel loaded", 10
        add     rbx, vm_size
        inc     r12d
        cmp     r12d, VM_COUNT
        jbe     .create

        mov     ebx, vms                ; the first one starts
        call    vm_switch_to
        jmp     vm_enter                ; run.asm; does not come back

        section .bss
        alignb  8
shared_page:    resq 1                  ; HPA of the page all VMs share

        section .text
