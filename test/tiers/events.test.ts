import { strict as assert } from 'node:assert';
import type { Machine } from '@hyperstep/engine';
import { Random } from '@hyperstep/engine/testing';
import { type Frame, program } from './boot';
import { boot, lockStep, summary } from './lockstep';

/**
 * Runs a body in lock-step to its end; the machine that the evaluator ran. One
 * that comes back after every instruction, and so sees every event at once, must
 * end in the same state: nothing may come late because nobody looked.
 */
function check(frame: Frame, limit: number): Machine {
  const { image } = program(frame);
  const machines = boot(image);
  assert.match(lockStep(machines, new Random(11), limit, 30), /"exit"/);
  const [stepped] = boot(image);
  while (stepped.run({ limit: stepped.count + 1 }).kind === 'limit');
  assert.equal(summary(stepped), summary(machines[0]));
  assert.equal(stepped.hash(), machines[0].hash());
  return machines[0];
}

/** Own descriptor tables: user segments, a TSS, gates 14 and 80h beside those of the frame. */
const RINGS = `
USER_STACK      equ     0x60000
AREA            equ     0xa00000                ; 64 pages of 4 KiB, tables at 0xc000, that come and go
                mov     dword [TABLES + 0x2000 + 5 * 8], 0xc007
                mov     edi, 0xc000
                mov     eax, 0x300006                           ; not present
.map:           mov     [rdi], rax
                add     eax, 0x1000
                add     edi, 8
                cmp     edi, 0xc200
                jne     .map
                mov     rax, cr3
                mov     cr3, rax
                lgdt    [own_gdt_pointer]
                mov     eax, 0x28
                ltr     ax
                mov     edi, IDT + 14 * 16
                mov     rax, absent
                mov     ecx, 0x8e00
                call    gate
                mov     edi, IDT + 0x80 * 16
                mov     rax, service
                mov     ecx, 0xee00
                call    gate
                lidt    [own_idt_pointer]
                mov     ecx, 0xc0000080                         ; EFER.SCE
                rdmsr
                or      eax, 1
                wrmsr
                mov     ecx, 0xc0000081                         ; STAR
                xor     eax, eax
                mov     edx, 0x00130008
                wrmsr
                inc     ecx                                     ; LSTAR
                mov     eax, fast_service
                xor     edx, edx
                wrmsr
                mov     ecx, 0xc0000084                         ; FMASK: IF
                mov     eax, 0x200
                wrmsr
                push    0x1b
                push    USER_STACK
                pushfq
                push    0x23
                push    user
                iretq
gate:           mov     [rdi], ax
                mov     word [rdi + 2], 8
                mov     [rdi + 4], cx
                shr     rax, 16
                mov     [rdi + 6], ax
                shr     rax, 16
                mov     [rdi + 8], rax
                ret
absent:         push    rax                                     ; #PF: the page comes
                mov     rax, cr2
                shr     eax, 12
                and     eax, 63
                or      byte [0xc000 + rax * 8], 7
                mov     rax, cr2
                invlpg  [rax]
                inc     dword [COUNTS + 16]
                pop     rax
                add     rsp, 8
                iretq
service:        test    r12d, 3                                 ; every fourth time the pages go
                jnz     .done
                push    rcx
                mov     ecx, 64
.away:          and     byte [0xc000 + rcx * 8 - 8], 0xf8 | (1 << 1)
                dec     ecx
                jnz     .away
                mov     rcx, cr3
                mov     cr3, rcx
                pop     rcx
.done:          inc     dword [COUNTS + 20]
                iretq
fast_service:   swapgs
                add     r13, rcx
                add     r13d, r11d
                inc     dword [COUNTS + 24]
                swapgs
                o64 sysret
                align   8
own_gdt:        dq      0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0x00cff2000000ffff, 0x00affa000000ffff
                dw      0x67, 0x7000, 0x8900, 0
                dq      0
own_gdt_pointer: dw     $ - own_gdt - 1
                dd      own_gdt, 0
own_idt_pointer: dw     0x81 * 16 - 1
                dq      IDT
`;

const USER = `
user:           mov     r12d, 60
.round:         mov     ecx, 64
                mov     edi, AREA
.touch:         add     rax, [rdi]
                mov     [rdi + 8], r12d
                add     edi, 4096
                dec     ecx
                jnz     .touch
                int     0x80
                mov     ebx, 20
.call:          syscall
                dec     ebx
                jnz     .call
                dec     r12d
                jnz     .round
                mov     edx, 0xf4
                out     dx, al                                  ; #GP: ends in the frame's handler
recover:        jmp     done
                align   4096
`;

describe('tiers in lock-step on events', () => {
  for (const timer of [0, 3]) {
    it(`rings: page faults, INT n, SYSCALL${timer ? ', and a timer' : ''}`, () => {
      // The stack for ring 0 in the TSS at 7000h: COUNTS and IDT are below.
      const body = `mov qword [0x7004], STACK\n${RINGS}${USER}`;
      const machine = check({ bits: 64, timer, body }, 3_000_000);
      assert.equal(machine.physical.read32(0x5010), 16 * 64, 'page faults');
      assert.equal(machine.physical.read32(0x5014), 60, 'INT 80h');
      assert.equal(machine.physical.read32(0x5018), 60 * 20, 'SYSCALL');
    });
  }

  for (const bits of [32, 64] as const) {
    const r = bits === 64 ? 'r' : 'e';
    const popf = bits === 64 ? 'popfq' : 'popfd';
    const pushf = bits === 64 ? 'pushfq' : 'pushfd';
    it(`interrupts wait for POPF, STI and IRET; IN and OUT move timers: ${bits}-bit`, () => {
      const machine = check(
        {
          bits,
          timer: 2,
          body: `
                mov     esi, 3000
on_again:       cli
                mov     edi, esi                                ; an interrupt may come meanwhile
                and     edi, 31
on_wait:        in      al, 0x61
                cpuid
                dec     edi
                jns     on_wait
                rdtsc
                add     ebp, eax
                test    esi, 1
                jz      on_sti
                test    esi, 2
                jz      on_iret
                ${pushf}
                or      dword [${r}sp], 0x200
                ${popf}
                add     ebp, 1
                jmp     on_next
on_iret:        ${bits === 64 ? `mov ${r}ax, rsp\npush 0x10\npush rax` : ''}
                ${pushf}
                or      dword [${r}sp], 0x200
                push    8
                push    returned
                iret${bits === 64 ? 'q' : 'd'}
returned:       add     ebp, 2
                jmp     on_next
on_sti:         sti
                add     ebp, 4
on_next:        test    esi, 15
                jnz     on_more
                mov     al, 0x34                                ; the timer anew, and sooner or later
                out     0x43, al
                mov     eax, esi
                shr     eax, 4
                and     eax, 3
                add     eax, 2
                out     0x40, al
                mov     eax, esi                                ; half of the times a long way off
                and     eax, 16
                out     0x40, al
on_more:        in      al, 0x40
                add     ebp, eax
                dec     esi
                jnz     on_again
recover:        jmp     done`,
        },
        3_000_000,
      );
      assert.ok(machine.physical.read32(0x5000) > 50, 'ticks');
    });
  }
});
