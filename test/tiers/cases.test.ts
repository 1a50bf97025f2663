import { strict as assert } from 'node:assert';
import type { Machine } from '@hyperstep/engine';
import { Random } from '@hyperstep/engine/testing';
import { program } from './boot';
import { boot, lockStep, summary, TIERS } from './lockstep';

/** Runs a program on all tiers in lock-step; the evaluator's machine at its end. */
function check(body: string, options: { bits?: 32 | 64; timer?: number; limit?: number } = {}): Machine {
  const { image } = program({ bits: options.bits ?? 64, timer: options.timer, body });
  const machines = boot(image);
  const reason = lockStep(machines, new Random(7), options.limit ?? 200_000);
  assert.match(reason, /"exit"/);
  return machines[0];
}

describe('tiers in lock-step on chosen cases', () => {
  it('code shared by several linear addresses', () => {
    const machine = check(`
                mov     dword [TABLES + 0x2000 + 4 * 8], 0x87   ; 8 MiB → 0
                mov     rax, cr3
                mov     cr3, rax
                mov     r12d, 300
.again:         mov     eax, where
                call    rax
                mov     rbx, rax
                mov     eax, where + 0x800000
                call    rax
                sub     rax, rbx
                add     [COUNTS + 16], rax
                dec     r12d
                jnz     .again
recover:        jmp     done
                align   64
where:          lea     rax, [rel where]
                mov     ecx, 5
.loop:          add     rax, rcx
                dec     ecx
                jnz     .loop
                ret`);
    assert.equal(machine.physical.read32(0x5010), 300 * 0x800000);
  });

  it('one linear address whose page changes between runs', () => {
    const machine = check(`
                mov     edi, 0x300000
                mov     esi, one
                mov     ecx, 64
                rep     movsb
                mov     edi, 0x201000
                mov     esi, two
                mov     ecx, 64
                rep     movsb
                ; a 4 KiB page at 0xa00000
                mov     dword [TABLES + 0x2000 + 5 * 8], 0xc007
                mov     dword [0xc000], 0x300007
                mov     r12d, 400
.again:         mov     eax, 0xa00000
                call    rax
                mov     eax, [0xc000]
                xor     eax, 0x300000 ^ 0x201000
                mov     [0xc000], eax
                invlpg  [0xa00000]
                dec     r12d
                jnz     .again
recover:        jmp     done
one:            add     dword [COUNTS + 16], 1
                jmp     .rest
.rest:          add     dword [COUNTS + 24], 1
                ret
                align   64
two:            add     dword [COUNTS + 20], 1
                jmp     .rest
.rest:          add     dword [COUNTS + 28], 1
                ret
                align   64`);
    assert.equal(machine.physical.read32(0x5018), 200);
    assert.equal(machine.physical.read32(0x501c), 200);
    assert.equal(machine.physical.read32(0x5010), 200);
    assert.equal(machine.physical.read32(0x5014), 200);
  });

  it('pages that are moved, protected and flushed while generated code has windows on them', () => {
    check(
      `
                mov     dword [TABLES + 0x2000 + 5 * 8], 0xc007         ; 64 pages of 4 KiB at 0xa00000
                mov     edi, 0xc000
                mov     eax, 0x300007
.map:           mov     [rdi], rax
                add     eax, 0x1000
                add     edi, 8
                cmp     edi, 0xc200
                jne     .map
                mov     edi, 0xd000                             ; and 4 KiB pages below: INVLPG drops only one
                mov     eax, 7
.low:           mov     [rdi], rax
                add     eax, 0x1000
                add     edi, 8
                cmp     edi, 0xe000
                jne     .low
                mov     dword [TABLES + 0x2000], 0xd007
                mov     rax, cr3
                mov     cr3, rax
                mov     rax, cr0
                or      eax, 1 << 16                            ; WP
                mov     cr0, rax
                mov     r12d, 40
                mov     ebx, 12345
round:          mov     ecx, 1500                               ; enough to make windows wide
.turn:          imul    ebx, ebx, 1664525
                add     ebx, 1013904223
                mov     eax, ebx
                shr     eax, 12
                and     eax, 0x3ffff
                lea     rsi, [rax + 0xa00000]
                mov     rdx, [rsi]                              ; may cross its page
                add     r13, rdx
                add     [rsi + 1], cl
                test    ebx, 0x70000
                jnz     .next
                mov     [rsi + 3], edx
.next:          dec     ecx
                jnz     .turn
recover:        mov     eax, ebx
                shr     eax, 8
                and     eax, 63
                lea     edi, [rax * 8 + 0xc000]
                shl     eax, 12
                lea     rsi, [rax + 0xa00000]
                test    r12d, 7
                jz      .flush
                test    r12d, 1
                jz      .protect
                mov     rdx, [rdi]                              ; changes places with the first page
                xchg    rdx, [0xc000]
                mov     [rdi], rdx
                invlpg  [rsi]
                test    r12d, 2
                jz      .done                                   ; the other half may be seen later
                invlpg  [0xa00000]
                jmp     .done
.protect:       xor     qword [rdi], 2
                invlpg  [rsi]
                jmp     .done
.flush:         mov     rax, cr3
                mov     cr3, rax
.done:          dec     r12d
                jnz     round
                jmp     done`,
      { limit: 1_500_000 },
    );
  });

  it('instructions and data that cross pages', () => {
    check(`
                mov     r12d, 200
                mov     ebx, DATA + 0xffd
.again:         add     dword [rbx], r12d
                mov     eax, [rbx]
                push    rax
                mov     [rbx + 1], ax
                jmp     near .near
                times   4096 - ($ - body) - 3 nop
.near:          mov     rcx, 0x1122334455667788         ; three bytes here, seven in the next page
                add     rcx, rax
                pop     rdx
                dec     r12d
                jnz     .again
recover:        jmp     done`);
  });

  it('a page fault in the middle of a hot loop', () => {
    const machine = check(`
                mov     edi, 0xf00000
.again:         add     dword [COUNTS + 16], 1
                mov     [rdi], rdi              ; memory ends at 16 MiB of linear addresses
                lea     rdi, [rdi + 0x1008]
                cmp     rdi, rax
                jmp     .again
recover:        jmp     done`);
    // From 15 to 16 MiB in steps of 4104 bytes, the last one across the end.
    assert.equal(machine.physical.read32(0x5010), 257);
  });

  it('code that changes: immediates, instructions, the running block', () => {
    check(`
                mov     r12d, 500
.again:         mov     [.a + 1], r12b
.a:             mov     eax, 0
                add     [COUNTS + 16], rax
                test    r12b, 31
                jnz     .b
                xor     byte [.c], 0xfe ^ 0xff ^ 1      ; nop ↔ another
.b:             mov     ecx, 3
.c:             nop
                add     ebx, ecx
                dec     ecx
                jnz     .c
                mov     [data], ebx
                add     ebx, [data]
                dec     r12d
                jnz     .again
recover:        jmp     done
data:           dd      0`);
  });

  it('code that changes while it is run for the first time', () => {
    const once = (how: string) =>
      `
                %rep    30
                ${how}
%%patched:      mov     eax, 0
                add     [COUNTS + 16], rax
                jmp     %%next
%%next:
                %assign n n + 1
                %endrep`.replaceAll('%%', '..@%[n]');
    const machine = check(`
                %assign n 0
                mov     r12d, 3                 ; the first round, and those in which it is known
.again:         ${once('mov     byte [..@%[n]patched + 1], n')}
                ${once(`mov     edi, ..@%[n]patched + 1
                mov     ecx, 1
                mov     al, n
                rep     stosb`)}
                dec     r12d
                jnz     near .again
recover:        jmp     done`);
    assert.equal(machine.physical.read32(0x5010), (3 * 59 * 60) / 2);
  });

  it('code that changes itself in a page that is written to more than it is run', () => {
    const machine = check(`
                mov     edi, 0x300000
                mov     r12d, 8
.copy:          mov     esi, one
                mov     ecx, 64
                rep     movsb
                dec     r12d
                jnz     .copy
                mov     r12d, 40
.again:         mov     ebx, r12d
                and     ebx, 7
                shl     ebx, 6
                add     ebx, 0x300000
                call    rbx
                mov     ecx, 100
.write:         mov     [0x300800 + rcx * 4], ecx
                dec     ecx
                jnz     .write
                dec     r12d
                jnz     .again
recover:        jmp     done
one:            mov     [rbx + .patched - one + 1], r12b
.patched:       mov     eax, 0
                add     [COUNTS + 16], rax
                ret
                align   64`);
    assert.equal(machine.physical.read32(0x5010), 820);
  });

  it('code that changes behind a block that stays', () => {
    const machine = check(`
                mov     r12d, 800
again:          test    r12d, 31
                jnz     run
                mov     [patched + 1], r12d
run:            add     edx, 1
                jmp     patched
                align   64
patched:        mov     eax, 0
                add     [COUNTS + 16], rax
                dec     r12d
                jnz     again
recover:        jmp     done`);
    let sum = 0;
    for (let i = 800, value = 0; i > 0; i--) {
      if (i % 32 === 0) value = i;
      sum += value;
    }
    assert.equal(machine.physical.read32(0x5010), sum);
  });

  it('single-step traps: RFLAGS.TF', () => {
    const machine = check(`
                mov     rax, trap
                mov     [IDT + 16], ax
                shr     rax, 16
                mov     [IDT + 22], ax
                mov     r12d, 60
.again:         mov     ecx, 20
.quick:         add     rax, rcx
                dec     ecx
                jnz     .quick
                pushfq
                or      qword [rsp], 0x100
                popfq
                add     eax, 1
                mov     [DATA], eax
                nop
                pushfq
                and     qword [rsp], ~0x100
                popfq
                dec     r12d
                jnz     .again
recover:        jmp     done
trap:           inc     qword [COUNTS + 16]
                iretq`);
    assert.equal(machine.physical.read32(0x5010), 60 * 6);
  });

  it('interrupts into hot loops, with HLT between', () => {
    check(
      `
                mov     r12d, 40
.again:         mov     ecx, 3000
.loop:          imul    eax, eax, 17
                add     eax, ecx
                mov     [DATA + rcx], al
                dec     ecx
                jnz     .loop
                hlt
                dec     r12d
                jnz     .again
recover:        jmp     done`,
      { timer: 3, limit: 1_000_000 },
    );
  });

  it('flags: every condition after every operation, across blocks', () => {
    const operations = [
      'add al, bl',
      'sub ax, bx',
      'cmp eax, ebx',
      'sbb rax, rbx',
      'adc eax, ebx',
      'inc cl',
      'dec rcx',
    ];
    operations.push(
      'and eax, ebx',
      'shl eax, cl',
      'shr rax, 3',
      'sar ax, cl',
      'neg eax',
      'imul eax, ebx',
      'rol eax, cl',
    );
    const lines: string[] = [];
    operations.forEach((operation, i) => {
      for (const cc of 'o no b ae e ne be a s ns p np l ge le g'.split(' ')) {
        lines.push(
          `mov rax, r8\nmov rbx, r9\nmov ecx, r12d\n${operation}\nj${cc} .t${i}${cc}\nadd rdx, ${i + 3}\n.t${i}${cc}:`,
        );
        lines.push(`set${cc} r10b\nadc rdx, r10\nrol rdx, 1`);
      }
    });
    check(
      `
                mov     r12d, 60
                mov     r8, 0x8000000080008081
                xor     r10d, r10d
again:          imul    r8, r8, 0x5851f42d
                xor     r9, r8
                ror     r9, 7
                ${lines.join('\n')}
                dec     r12d
                jnz     again
recover:        jmp     done`.replaceAll('.t', 't'),
      { limit: 1_000_000 },
    );
  });

  const LOOP = `
                mov     r12d, 400
again:          mov     ecx, 10
inner:          add     rax, rcx
here:           mov     [DATA], eax
                dec     ecx
                jnz     inner
                dec     r12d
                jnz     again
recover:        jmp     done`;

  it('breakpoints stop before the instruction, at the same counts', () => {
    const { image, symbol } = program({ bits: 64, body: LOOP });
    const results = TIERS.map((config) => {
      const [machine] = boot(image, [config]);
      machine.run({ limit: 20_000 }); // hot by now
      let asked = 0;
      machine.breakpoints.set(1, BigInt(symbol('here')), () => ++asked % 100 === 0);
      const stops: string[] = [];
      for (let i = 0; i < 10; i++) {
        const reason = machine.run({ limit: 1_000_000 });
        stops.push(`${reason.kind} ${summary(machine)}`);
      }
      machine.breakpoints.clear();
      const end = machine.run({ limit: 1_000_000 });
      return [...stops, `${end.kind} ${asked} ${machine.hash()}`];
    });
    assert.match(results[0][0], /^breakpoint/);
    for (const other of results.slice(1)) assert.deepEqual(other, results[0]);
  });

  it('stops exactly at every N', () => {
    const { image } = program({ bits: 64, body: LOOP });
    const machines = boot(image);
    for (const machine of machines) machine.run({ limit: 18_000 });
    for (let n = 18_001; n < 18_200; n++) {
      for (const machine of machines) {
        machine.run({ limit: n });
        assert.equal(machine.count, n);
      }
      for (const machine of machines) assert.equal(summary(machine), summary(machines[0]));
    }
    for (const machine of machines) assert.equal(machine.hash(), machines[0].hash());
  });

  /** `count` functions that become hot one by one, all called `rounds` times. */
  const functions = (count: number, rounds: number): string => {
    const one = 'mov ecx, 3\nl@: add rax, rcx\nrol rax, 5\ndec ecx\njnz l@\nret\nalign 32\n';
    const all = Array.from({ length: count }, (_, i) => one.replaceAll('@', String(i))).join('');
    return `
                mov     r12d, ${rounds}
.again:         mov     r13d, first
.next:          call    r13
                add     r13d, 32
                cmp     r13d, last
                jb      .next
                dec     r12d
                jnz     .again
recover:        jmp     done
                align   32
first:
${all}
last:`;
  };

  it('more regions than may live: evicted, and compiled again when they are hot again', () => {
    const { image } = program({ bits: 64, body: functions(100, 8) });
    const machines = boot(image, [
      TIERS[0],
      { tier: 'regions', tuning: { hotAfter: 2, maxRegions: 7, cold: false } },
    ]);
    assert.match(lockStep(machines, new Random(3), 400_000), /"exit"/);
    assert.ok(machines[1].tierCounts.evicted > 100, JSON.stringify(machines[1].tierCounts));
  });

  it('4,100 regions under the real limit', function () {
    this.timeout(60_000);
    const { image } = program({ bits: 64, body: functions(4100, 2) });
    const [fast] = boot(image, [{ tier: 'regions', tuning: { hotAfter: 2, cold: false } }]);
    const [slow] = boot(image, [{ tier: 'interpreter' }]);
    for (const machine of [fast, slow]) while (machine.run({ limit: 10_000_000 }).kind === 'limit');
    assert.equal(fast.hash(), slow.hash());
    assert.ok(fast.tierCounts.evicted > 50, JSON.stringify(fast.tierCounts));
    assert.ok(fast.tierCounts.live <= 4000);
  });

  const vmxOn = `
                mov     rax, cr4
                or      eax, 1 << 13            ; VMXE
                mov     cr4, rax
                mov     rax, cr0
                or      eax, 0x20               ; NE
                mov     cr0, rax
                mov     ecx, 0x480              ; IA32_VMX_BASIC
                rdmsr
                mov     [0x301000], eax
                mov     [0x302000], eax
                mov     qword [0x300000], 0x301000
                mov     qword [0x300008], 0x302000
                vmxon   [0x300000]
                vmptrld [0x300008]`;

  it('VMREAD and VMWRITE of fields that exist, are read-only or do not exist', () => {
    const machine = check(
      `${vmxOn}
                mov     r12d, 6000
                mov     r14, 6364136223846793005
.again:         imul    r13, r14
                inc     r13
                mov     rax, r13
                shr     rax, 40
                and     eax, 0x16c3f
                test    r13d, 7
                jz      .read
                and     eax, 0x6c3e             ; mostly without the bits that are refused
.read:          mov     rbx, r13
                vmread  rbx, rax
                jc      done
                jz      .failed
                add     [COUNTS + 16], rbx
.failed:        mov     ecx, 0
                setp    cl
                adc     [COUNTS + 24], rcx
                vmwrite rax, r13
                ja      .written
                inc     dword [COUNTS + 32]
.written:       pushfq
                pop     rcx
                add     [COUNTS + 40], rcx
                vmread  rax, rax
                add     [COUNTS + 48], rax
                dec     r12d
                jnz     .again
                vmclear [0x300008]
                mov     eax, 0x6820
                vmread  rcx, rax
                jnc     done
                mov     dword [COUNTS + 56], 1
recover:        jmp     done`,
    );
    const failures = machine.physical.read32(0x5020);
    assert.ok(failures > 600 && failures < 5000, `${failures} of 6000 failed`);
    assert.equal(machine.physical.read32(0x5038), 1, 'VMfailInvalid at the end');
  });

  it('VMREAD in a hot loop that is run outside VMX operation and without privilege', () => {
    const machine = check(
      `${vmxOn}
                mov     r12d, 50
                call    read
                vmxoff
                mov     r12d, 1
                call    read                    ; #UD
                jmp     done
read:           mov     eax, 0x681e
.again:         vmwrite rax, r12
                vmread  rbx, rax
                add     [COUNTS + 16], rbx
                dec     r12d
                jnz     .again
                ret
recover:        inc     dword [COUNTS + 24]
                jmp     done`,
    );
    assert.equal(machine.physical.read32(0x5010), (50 * 51) / 2);
    assert.equal(machine.physical.read32(0x5018), 1);
  });

  it('a guest and its VMM under a timer that exits, opens windows or comes through to the guest', () => {
    const fields: [encoding: number, value: number | string][] = [
      [0x4000, 0x16], // pin-based, primary, exit and entry controls
      [0x4002, 0x04006172],
      [0x400c, 0x36dfb | (1 << 9) | (1 << 20) | (1 << 21)],
      [0x4012, 0x11fb | (1 << 9) | (1 << 15)],
      ...[0x0c00, 0x0c04, 0x0c06].map((field): [number, number] => [field, 0x10]),
      [0x0c02, 8],
      [0x0c0c, 0x18],
      [0x6c0c, 'gdt'],
      [0x6c0e, 'IDT'],
      [0x6c14, 'STACK'],
      [0x6c16, 'vm_exit'],
      ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((seg): [number, number][] => [
        [0x0800 + seg * 2, seg === 1 ? 8 : seg < 4 ? 0x10 : seg === 7 ? 0x18 : 0],
        [0x4800 + seg * 2, seg === 7 ? 0x67 : 0xffffffff],
        [0x4814 + seg * 2, seg === 1 ? 0xa09b : seg < 4 ? 0xc093 : seg === 7 ? 0x8b : 0x10000],
      ]),
      [0x6816, 'gdt'],
      [0x6818, 'IDT'],
      [0x4810, 0x17],
      [0x4812, 33 * 16 - 1],
      [0x681c, 'STACK - 0x1000'],
      [0x681e, 'guest'],
      [0x6820, 0x202],
      [0x2800, '-1'],
    ];
    const machine = check(
      `cli${vmxOn}
                mov     esi, fields
.field:         mov     rax, [rsi]
                mov     rbx, [rsi + 8]
                vmwrite rax, rbx
                jbe     done
                add     esi, 16
                cmp     esi, fields_end
                jb      .field
                %macro both 2                           ; the same for guest and host
                mov     eax, %1
                vmwrite rax, rbx
                mov     eax, %2
                vmwrite rax, rbx
                %endmacro
                mov     rbx, cr0
                both    0x6800, 0x6c00
                mov     rbx, cr3
                both    0x6802, 0x6c02
                mov     rbx, cr4
                both    0x6804, 0x6c04
                mov     ecx, 0xc0000080
                rdmsr
                mov     ebx, eax
                both    0x2806, 0x2c02
                mov     r12d, 1500
                vmlaunch
                jmp     done

vm_exit:        mov     eax, 0x4402                     ; reason
                vmread  rbx, rax
                inc     dword [COUNTS + 32 + rbx * 4]
                cmp     ebx, 1
                je      .external
                cmp     ebx, 7
                je      .window
                mov     eax, 0x440c                     ; over the instruction
                vmread  rcx, rax
                mov     eax, 0x681e
                vmread  rdx, rax
                add     rdx, rcx
                vmwrite rax, rdx
                jmp     .next
.external:      sti
                nop
                cli
                jmp     .next
.window:        mov     eax, 0x4002
                mov     ebx, 0x04006172
                vmwrite rax, rbx
.next:          test    r12d, 31
                jnz     .resume
                mov     eax, 0x4000                     ; external-interrupt exiting: the other way
                vmread  rbx, rax
                xor     ebx, 1
                vmwrite rax, rbx
                mov     eax, 0x4002                     ; and an interrupt window
                mov     ebx, 0x04006176
                vmwrite rax, rbx
.resume:        dec     r12d
                jz      .end
                vmresume
                jmp     done
.end:           vmclear [0x300008]
recover:        jmp     done

guest:          inc     dword [COUNTS + 16]
                vmcall
                mov     ecx, 15
.loop:          add     [COUNTS + 24], rcx
                dec     ecx
                jnz     .loop
                cli
                cpuid
                sti
                jmp     guest

                align   8
fields:         ${fields.map(([encoding, value]) => `dq ${encoding}, ${value}`).join('\n')}
fields_end:`,
      { timer: 2, limit: 2_000_000 },
    );
    const exits = (reason: number) => machine.physical.read32(0x5020 + reason * 4);
    assert.equal(exits(18) + exits(10) + exits(1) + exits(7), 1500);
    assert.ok(exits(18) > 200 && exits(10) > 200, 'VMCALL and CPUID');
    assert.ok(exits(1) > 10 && exits(7) > 5, `${exits(1)} interrupts, ${exits(7)} windows`);
  });
});
