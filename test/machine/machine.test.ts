import { strict as assert } from 'node:assert';
import { boot, finish } from './support';

/** Counts in a loop with the PIT's interrupt at 1 kHz, until 5 ticks have come; prints nothing. */
const WITH_TIMER = `
start:          mov     esp, stack_top
                lgdt    [gdt_pointer]
                jmp     0x08:.flat
.flat:          mov     eax, 0x10
                mov     ds, eax
                mov     ss, eax
                lidt    [idt_pointer]
                mov     al, 0x11                ; ICW1: edge triggered, cascade, ICW4
                out     0x20, al
                mov     al, 0x20                ; ICW2: vectors from 0x20
                out     0x21, al
                mov     al, 4                   ; ICW3: slave at IRQ 2
                out     0x21, al
                mov     al, 1                   ; ICW4: 8086 mode
                out     0x21, al
                mov     al, 0xfe                ; only IRQ 0
                out     0x21, al
                mov     al, 0x34                ; channel 0, both bytes, mode 2
                out     0x43, al
                mov     al, 30                  ; about 25 microseconds
                out     0x40, al
                mov     al, 0
                out     0x40, al
                sti
.spin:          inc     dword [spins]
                cmp     dword [ticks], 5
                jb      .spin
                hlt                             ; and one that wakes a halted processor
                mov     eax, [spins]
                out     0xf4, al
                jmp     $

timer:          push    eax
                inc     dword [ticks]
                mov     al, 0x20
                out     0x20, al
                pop     eax
                iretd

                align   8
gdt:            dq      0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdt_pointer:    dw      $ - gdt - 1
                dd      gdt
idt:            times   0x20 dq 0
                dw      (timer - $$ + 0x100000) & 0xffff, 0x08, 0x8e00, 0x10
idt_pointer:    dw      $ - idt - 1
                dd      idt
ticks:          dd      0
spins:          dd      0
                times   512 db 0
stack_top:
`;

describe('machine', () => {
  it('is deterministic: two runs give the same count and the same state', () => {
    const runs = [1, 2].map(() => {
      const { machine } = boot(WITH_TIMER);
      const stop = finish(machine);
      return { kind: stop.kind, count: machine.count, hash: machine.hash() };
    });
    assert.equal(runs[0].kind, 'exit');
    assert.deepEqual(runs[0], runs[1]);
  });

  it('does the same in slices of any size as in one run: interrupts come at the same instruction', () => {
    const whole = boot(WITH_TIMER).machine;
    finish(whole);
    for (const slice of [1, 7, 1000]) {
      const sliced = boot(WITH_TIMER).machine;
      finish(sliced, slice);
      assert.equal(sliced.count, whole.count, `slices of ${slice}`);
      assert.equal(sliced.hash(), whole.hash(), `slices of ${slice}`);
    }
  });

  it('stops exactly before an instruction', () => {
    const { machine } = boot(`start:\n${'inc eax\n'.repeat(50)}jmp $\n`);
    machine.setRegister('rax', 0n);
    for (const limit of [1, 2, 17, 49]) {
      assert.deepEqual(machine.run({ limit }), { kind: 'limit' });
      assert.equal(machine.count, limit);
      assert.equal(machine.registersOf('host').gpr[0], BigInt(limit));
    }
  });

  it('meets a breakpoint before the instruction, goes on past it, and leaves memory alone', () => {
    const { machine, symbols } = boot(
      'start: mov ecx, 3\n.loop: inc eax\nhere: dec ecx\njnz start.loop\nmov al, 0\nout 0xf4, al\n',
    );
    const here = symbols.get('here')!;
    let asked = 0;
    const before = machine.readLinear(here, 8);
    machine.breakpoints.set(1, here, () => ++asked !== 2);
    const stops = [finish(machine), finish(machine), finish(machine)].map((s) => s.kind);
    assert.deepEqual(stops, ['breakpoint', 'breakpoint', 'exit']);
    assert.equal(asked, 3);
    assert.deepEqual(machine.readLinear(here, 8), before);
  });

  it('meets a breakpoint by its linear address where CS has a base', () => {
    const { machine, symbols } = boot(`
start:          lgdt    [pointer]
                jmp     8:inside - 0x1234
inside:         nop
here:           mov     al, 0
                out     0xf4, al
gdt:            dq      0, 0x00cf9a000000ffff | 0x1234 << 16
pointer:        dw      $ - gdt - 1
                dd      gdt
`);
    const here = symbols.get('here')!;
    machine.breakpoints.set(1, here, () => true);
    machine.breakpoints.set(2, here - 0x1234n, () => assert.fail('this is no linear address'));
    assert.equal(finish(machine).kind, 'breakpoint');
    assert.equal(machine.registersOf('host').rip, here - 0x1234n);
    assert.equal(finish(machine).kind, 'exit');
  });

  it('executes code that the guest has just written, also in the block that is running', () => {
    const { machine } = boot(`
start:          mov     byte [patch + 1], 42
patch:          mov     al, 0
                out     0xf4, al
`);
    assert.deepEqual(finish(machine), { kind: 'exit', code: (42 << 1) | 1 });
  });

  it('ends with the chain of faults when a triple fault shuts the processor down', () => {
    const { machine } = boot('start: lidt [empty]\nud2\nempty: dw 0\ndd 0\n');
    const stop = finish(machine);
    assert.equal(stop.kind, 'triple-fault');
    if (stop.kind === 'triple-fault') {
      assert.equal(stop.chain[0].vector, 6, 'the first fault is #UD');
      assert.ok(stop.explanation.length > 0);
    }
  });

  it('reports a fault before it is delivered, and then delivers it', () => {
    const { machine, symbols } = boot(`
start:          lgdt    [gdt_pointer]
                jmp     0x08:.flat
.flat:          lidt    [idt_pointer]
                mov     esp, stack_top
fault:          ud2
handler:        mov     al, 7
                out     0xf4, al
                align   8
gdt:            dq      0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdt_pointer:    dw      $ - gdt - 1
                dd      gdt
idt:            times   6 dq 0
                dw      (handler - $$ + 0x100000) & 0xffff, 0x08, 0x8e00, 0x10
idt_pointer:    dw      $ - idt - 1
                dd      idt
                times   64 db 0
stack_top:
`);
    machine.observe.exception = () => true;
    const stop = finish(machine);
    assert.equal(stop.kind, 'exception');
    assert.equal(machine.registersOf('host').rip, symbols.get('fault'));
    assert.deepEqual(finish(machine), { kind: 'exit', code: 15 });
  });

  it('says what a halted machine waits for in vain', () => {
    const { machine } = boot('start: cli\nhlt\n');
    const stop = finish(machine);
    assert.equal(stop.kind, 'halted');
    assert.match(stop.kind === 'halted' ? stop.explanation : '', /IF = 0/);
  });
});
