; ept.asm - extended page tables: from guest-physical to host-physical.
;
; SDM vol. 3, 29.3.2.  Four levels of tables like those of paging, but each VM
; has one set, the guest cannot see it, and every address the guest calls
; physical goes through it.
;
;   GPA bits   47:39  38:30  29:21  20:12  11:0
;   table      PML4   PDPT   PD     PT     byte in the page
;   shift      39     30     21     12

EPT_TOP_SHIFT   equ 39                  ; shift of the PML4's index
EPT_PAGE        equ 12                  ; ... of the PT: leaf for 4 KiB
EPT_LARGE_PAGE  equ 21                  ; ... of the PD: leaf for 2 MiB
EPT_INDEX_BITS  equ 9
EPT_ADDRESS     equ 0x000FFFFFFFFFF000  ; address bits of an entry

        bits    64
; RBX = VM.  What a VM can see at the start (hypercall.inc, "Guest-physical
; memory").  Lazy memory is not mapped: exits/ept_violation.asm does that.
ept_create:
        call    page_alloc
        mov     [rbx + vm.ept], rax

        mov     edi, GUEST_INFO         ; the guest reads it, only we write it
        mov     rsi, [rbx + vm.info]
        mov     edx, EPT_READ + EPT_WB
        call    ept_map_page

        mov     edi, GUEST_SHARED       ; the same host page for every VM
        mov     rsi, [shared_page]
        mov     edx, EPT_READ + EPT_WRITE + EPT_WB
        call    ept_map_page

        mov     edi, GUEST_RAM          ; one entry for 2 MiB
        mov     ecx, EPT_LARGE_PAGE
        call    ept_entry
        mov     rcx, [rbx + vm.ram]
        add     rcx, EPT_ALL + EPT_WB + EPT_LARGE
        mov     [rax], rcx
        ret

; RBX = VM, RDI = GPA, RSI = HPA of a page, EDX = rights and memory type.
; An entry that was not present needs no INVEPT (SDM vol. 3, 29.4.3.4).
ept_map_page:
        mov     ecx, EPT_PAGE
        call    ept_entry
        add     rsi, rdx
        mov     [rax], rsi
        ret

; RBX = VM, RDI = GPA, ECX = EPT_PAGE or EPT_LARGE_PAGE.
; Result: RAX = address of the leaf entry.  Makes the tables above it.
; Keeps RDI, RSI, RDX.
ept_entry:
        push    rbp
        push    rdx
        mov     ebp, ecx                ; shift of the leaf
        mov     ecx, EPT_TOP_SHIFT
        mov     rax, [rbx + vm.ept]
.level:
        mov     r8, rdi
        shr     r8, cl
        and     r8d, TABLE_ENTRIES - 1
        lea     r9, [rax + r8 * 8]      ; the entry at this level
        cmp     ecx, ebp
        je      .leaf
        test    qword [r9], EPT_ALL
        jnz     .down
        push    rcx
        call    page_alloc
        pop     rcx
        add     rax, EPT_ALL            ; a table allows all, the leaf decides
        mov     [r9], rax
.down:
        mov     rax, [r9]
        mov     rdx, EPT_ADDRESS
        and     rax, rdx
        sub     ecx, EPT_INDEX_BITS
        jmp     .level
.leaf:
        mov     rax, r9
        pop     rdx
        pop     rbp
        ret

; RBX = VM, RDI = GPA.  Walks as the processor does, by software.
; Result: CF = 0 and RAX = HPA; CF = 1 if the GPA is not mapped.
ept_walk:
        mov     ecx, EPT_TOP_SHIFT
        mov     rax, [rbx + vm.ept]
.level:
        mov     r8, rdi
        shr     r8, cl
        and     r8d, TABLE_ENTRIES - 1
        mov     r8, [rax + r8 * 8]
        test    r8d, EPT_READ
        jz      .not_mapped
        mov     rax, EPT_ADDRESS
        and     rax, r8
        cmp     ecx, EPT_PAGE
        je      .leaf
        test    r8d, EPT_LARGE
        jnz     .leaf
        sub     ecx, EPT_INDEX_BITS
        jmp     .level
.leaf:
        mov     edx, 1                  ; low bits of the GPA: byte in the page
        shl     rdx, cl
        dec     rdx
        and     rdx, rdi
        add     rax, rdx                ; the page is aligned: no carry, CF = 0
        ret
.not_mapped:
        stc
        ret
