import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Guests, linesOf, type Run, root } from './guests';

/**
 * The exercises E3 to E6 of docs/labs/hypercall.md, done as the guide says, and
 * what it promises to whoever does them. E1 and E2: exercise.test.ts.
 */
const LAB = 'hypercall';
const lab = (file: string) => join('labs', LAB, file);
const vmm = (file: string) => join('vmm/hvm', file);
const TIMER = 52;

describe('exercises of the hypercall lab', () => {
  let guests: Guests;
  beforeEach(() => {
    guests = new Guests();
  });
  afterEach(() => guests.remove());

  const expected = () => linesOf(readFileSync(join(root, 'guests', lab('expected.txt')), 'utf8'));
  const figures = ({ lines }: Run) => lines.filter((line) => /^\[vmm\] vm\d: exit code \d/.test(line));

  it('E3: INVD exits, nobody handles it, then somebody does', () => {
    const row = '        dq      step_cpuid              ; CPUID\n';
    guests.change(lab('kernel.asm'), row, `${row}        dq      step_invd\n`);
    guests.change(lab('steps.asm'), 'step_cpuid:', 'step_invd:\n        invd\n        ret\n\nstep_cpuid:');
    const before = guests.run(LAB);
    assert.ok(
      before.lines.some((line) =>
        line.startsWith('[vmm] vm1 crashed: unexpected VM exit, exit reason 13 INVD'),
      ),
    );

    guests.write(vmm('exits/invd.asm'), '        bits    64\nexit_invd:\n        jmp     skip_instruction\n');
    guests.change(
      vmm('vmm.asm'),
      '%include "exits/hlt.asm"',
      '%include "exits/invd.asm"\n%include "exits/hlt.asm"',
    );
    guests.change(vmm('dispatch.asm'), '"INVD",                 exit_unexpected', '"INVD", exit_invd');
    const after = guests.run(LAB);
    assert.deepEqual(after.lines, expected());
    assert.equal(after.exit, 33);
  });

  it('E4: a third VM needs no other change', () => {
    guests.change(vmm('vmm.asm'), 'VM_COUNT        equ 2', 'VM_COUNT        equ 3');
    const run = guests.run(LAB);
    assert.equal(run.exit, 33);
    assert.equal(figures(run).length, 3);
    assert.ok(run.lines.includes('[vm3] app: hello from ring 3 of VM 3'));
  });

  it('E5: weights and time slices change when the timer strikes, and not the output', () => {
    const slice = '        mov     eax, TIME_SLICE\n';
    guests.change(
      vmm('scheduler.asm'),
      slice,
      `${slice}        cmp     qword [rbx + vm.id], 1\n        jne     .plain\n        imul    eax, eax, 3\n.plain:\n`,
    );
    const run = guests.run(LAB);
    assert.deepEqual(run.lines, expected());
    const slices = run.transitions.flatMap((record, i) =>
      record.reason === TIMER ? [record.count - run.transitions[i - 1].count] : [],
    );
    const about = slices.map((length) => Math.round(length / 1000) * 1000);
    assert.deepEqual(about, [60_000, 20_000]);

    for (const length of ['500', '5000000']) {
      const other = new Guests();
      try {
        other.change(vmm('scheduler.asm'), 'TIME_SLICE      equ 20000', `TIME_SLICE      equ ${length}`);
        assert.deepEqual(other.run(LAB).lines, expected(), `TIME_SLICE ${length}`);
      } finally {
        other.remove();
      }
    }
  });

  it('E6: with 2 MiB at once there is one EPT violation a VM', () => {
    guests.change(
      vmm('exits/ept_violation.asm'),
      `        call    page_alloc
        mov     rsi, rax
        mov     edx, EPT_ALL + EPT_WB
        jmp     ept_map_page `,
      `        mov     ecx, EPT_LARGE_PAGE
        call    ept_entry
        imul    rcx, [rbx + vm.id], LARGE_PAGE_SIZE
        add     rcx, HOST_END - LARGE_PAGE_SIZE + EPT_ALL + EPT_WB + EPT_LARGE
        mov     [rax], rcx
        ret
        nop `,
    );
    const run = guests.run(LAB);
    assert.equal(run.exit, 33);
    assert.ok(figures(run).every((line) => line.includes(' 1 EPT violations')));
  });

  it('a VM that crashes does not take the other one with it', () => {
    guests.change(
      lab('steps.asm'),
      'step_halt:\n',
      'step_halt:\n        cmp     qword [GUEST_INFO + info.vm_id], 2\n        jne     .go\n        lidt    [GUEST_INFO + info_size]\n        ud2\n.go:\n',
    );
    const run = guests.run(LAB);
    assert.ok(run.lines.some((line) => line.startsWith('[vmm] vm2 crashed: triple fault')));
    assert.ok(run.lines.includes('[vmm] vm1 has shut down, exit code 0'));
    assert.equal(run.exit, 35);
  });

  it('without the lie about VMX, setting CR4.VMXE is what fails', () => {
    guests.change(vmm('exits/cpuid.asm'), '        and     ecx, ~CPUID_1_ECX_VMX\n', '');
    guests.change(
      lab('steps.asm'),
      'step_halt:\n',
      'step_halt:\n        mov     rax, cr4\n        or      eax, CR4_VMXE\n        mov     cr4, rax\n        vmxon   [signature]\n',
    );
    const run = guests.run(LAB);
    assert.ok(run.lines.includes('[vm1] kernel: exception 13 in ring 0: giving up'));
    const last = run.transitions.findLast((record) => record.reason === 28);
    assert.match(last?.detail ?? '', /MOV CR4/);
  });
});
