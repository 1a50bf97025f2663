; checks.asm - what the examiner tries.
;
; Each check prints one line and returns EAX = 0 if all is well, 1 if not.  It
; may use every register but RBX, and counts on the VMM: a hypercall changes RAX
; and nothing else.

CPUIDS          equ 5                   ; VM exits that E1 makes on purpose
INTERRUPTED     equ 4                   ; exits by timer that may come in between
EXITS_MAX       equ 12                  ; a VM has not made more when E1 begins
MARK            equ 0x1234              ; what E2 writes into the page

%macro passed 1+
        say     %1, 10
        xor     eax, eax
        ret
%endmacro

%macro failed 1+
        say     %1, 10
        mov     eax, 1
        ret
%endmacro

        bits    64
; E1: HC_GET_EXITS grows by what we do in between, and is our own number.
check_get_exits:
        call    get_exits
        cmp     rax, HC_ENOSYS
        je      .open
        mov     r12, rax
        push    rbx                     ; CPUID writes it
%rep CPUIDS
        xor     eax, eax
        cpuid                           ; -> VMM
%endrep
        pop     rbx
        call    get_exits               ; one more
        sub     rax, r12
        cmp     rax, CPUIDS + 1
        jb      .too_few
        cmp     rax, CPUIDS + 1 + INTERRUPTED
        ja      .too_many
        cmp     r12, EXITS_MAX
        ja      .all_vms
        passed  "E1 passed: HC_GET_EXITS counts the VM exits of this VM"
.open:
        failed  "E1 open: HC_GET_EXITS answers HC_ENOSYS"
.too_few:
        failed  "E1 failed: 5 CPUIDs and a VMCALL, and the number grew by less than 6"
.too_many:
        failed  "E1 failed: 5 CPUIDs and a VMCALL, and the number grew by more than 10"
.all_vms:
        failed  "E1 failed: the number is too large: are other VMs in it?"

; E2: HC_PROTECT makes a page of lazy memory read-only; a write is #GP.
check_protect:
        mov     ebp, LAZY_BASE
        mov     qword [rbp], MARK       ; -> VMM, which maps the page
        mov     qword [rbp + 8], MARK
        mov     edi, GUEST_LAZY
        call    protect
        cmp     rax, HC_ENOSYS
        je      .open
        test    rax, rax
        jnz     .refused
        cmp     qword [rbp], MARK       ; it can still be read
        jne     .lost
.write:
        mov     qword [rbp], 0          ; -> VMM -> fault.asm -> .faulted
        cmp     qword [rbp + 8], MARK
        jne     .other_page
        failed  "E2 failed: the write went through: is the page writable, or INVEPT missing?"
.faulted:
        cmp     qword [rbp], MARK
        jne     .lost
        mov     qword [rbp + PAGE_SIZE], MARK   ; the next page is as before
        mov     edi, GUEST_INFO         ; not lazy memory
        call    protect
        cmp     rax, HC_EINVAL
        jne     .not_refused
        mov     edi, GUEST_LAZY + 8     ; not the start of a page
        call    protect
        cmp     rax, HC_EINVAL
        jne     .not_refused
        mov     edi, GUEST_LAZY + 16 * PAGE_SIZE        ; not there yet
        call    protect
        cmp     rax, HC_EINVAL
        jne     .not_refused
        passed  "E2 passed: HC_PROTECT makes a page read-only"
.open:
        failed  "E2 open: HC_PROTECT answers HC_ENOSYS"
.refused:
        failed  "E2 failed: HC_PROTECT of a page of lazy memory gives an error"
.lost:
        failed  "E2 failed: the page has lost what was in it"
.other_page:
        failed  "E2 failed: the write went to another page: see exits/ept_violation.asm"
.not_refused:
        failed  "E2 failed: HC_PROTECT takes any address: HC_EINVAL is missing"

; Result: RAX.
get_exits:
        mov     eax, HC_GET_EXITS
        vmcall                          ; -> VMM
        ret

; RDI = GPA.  Result: RAX.
protect:
        mov     eax, HC_PROTECT
        vmcall                          ; -> VMM
        ret
