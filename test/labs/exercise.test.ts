import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootUnderBochs, missingTools } from '../bochs/boot';
import { Guests, linesOf, root } from './guests';

const NAME = 'hypercall-exercise';
const original = join(root, 'guests/labs', NAME);
const solution = join(root, 'test/labs/solutions', NAME);
const EXIT_GOOD = 33;
const EXIT_BAD = 35;

/** What a student gets wrong, as a change of the reference solution, and what the examiner says to it. */
const MISTAKES = [
  {
    mistake: 'only VMCALLs are counted',
    file: 'hypercalls.asm',
    from: 'cmp     ecx, REASON_COUNT',
    to: 'cmp     ecx, REASON_VMCALL + 1\n        mov rax, [rbx + vm.exits + 8 * REASON_VMCALL]',
    says: 'E1 failed: 5 CPUIDs and a VMCALL, and the number grew by less than 6',
  },
  {
    mistake: 'the exits of VM 1 are added to those of every VM',
    file: 'hypercalls.asm',
    from: 'add     rax, [rbx + vm.exits + rcx * 8]',
    to: 'add     rax, [rbx + vm.exits + rcx * 8]\n        cmp qword [rbx + vm.id], 1\n        je .own\n        add rax, [vms + vm.exits + rcx * 8]\n.own:',
    says: 'E1 failed: the number is too large: are other VMs in it?',
  },
  {
    mistake: 'INVEPT is missing',
    file: 'hypercalls.asm',
    from: 'invept  rax, [invalidate_all]',
    to: 'test    eax, eax',
    says: 'E2 failed: the write went through: is the page writable, or INVEPT missing?',
  },
  {
    mistake: 'addresses are not checked',
    file: 'hypercalls.asm',
    from: 'jae     .invalid\n        test    edi, PAGE_SIZE - 1',
    to: 'nop\n        test    edi, PAGE_SIZE - 1',
    says: 'E2 failed: HC_PROTECT takes any address: HC_EINVAL is missing',
  },
  {
    mistake: 'the violation maps a new page',
    file: 'exits/ept_violation.asm',
    from: 'jc      inject_gp',
    to: 'nop    ',
    says: 'E2 failed: the write went to another page: see exits/ept_violation.asm',
  },
];

describe(`lab ${NAME}: the checker`, () => {
  let guests: Guests;
  beforeEach(() => {
    guests = new Guests();
  });
  afterEach(() => guests.remove());

  const expected = () => linesOf(readFileSync(join(original, 'expected.txt'), 'utf8'));
  const solve = () => guests.overlay(NAME, solution);

  it('the starter fails and says which task is open', () => {
    const { lines, exit } = guests.run(NAME);
    assert.equal(exit, EXIT_BAD);
    assert.ok(lines.includes('[vm1] E1 open: HC_GET_EXITS answers HC_ENOSYS'));
    assert.ok(lines.includes('[vm2] E2 open: HC_PROTECT answers HC_ENOSYS'));
  });

  it('the reference solution passes', () => {
    solve();
    const { lines, exit } = guests.run(NAME);
    assert.deepEqual(lines, expected());
    assert.equal(exit, EXIT_GOOD);
  });

  for (const { mistake, file, from, to, says } of MISTAKES) {
    it(`a mistake is named: ${mistake}`, () => {
      solve();
      guests.change(join('labs', NAME, file), from, to);
      const { lines, exit, serial } = guests.run(NAME);
      assert.equal(exit, EXIT_BAD);
      assert.ok(
        lines.some((line) => line.endsWith(says)),
        serial,
      );
    });
  }

  it('the starter is the VMM as it is, with additions', () => {
    for (const [ours, theirs] of [
      ['hypercalls.asm', 'guests/vmm/hvm/hypercalls.asm'],
      ['exits/ept_violation.asm', 'guests/vmm/hvm/exits/ept_violation.asm'],
      ['hypercall.inc', 'guests/include/hypercall.inc'],
      ['vmm.asm', 'guests/vmm/hvm/vmm.asm'],
    ]) {
      const here = code(join(original, ours));
      let at = 0;
      for (const line of code(join(root, theirs))) {
        if (line.startsWith('HC_COUNT')) continue; // the exercise has more of them
        at = here.indexOf(line, at) + 1;
        assert.ok(at > 0, `${ours} lacks '${line}' of ${theirs}`);
      }
    }
  });

  const missing = missingTools();
  if (spawnSync('which', ['nasm']).status !== 0) missing.push('nasm');
  const without = missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : '';
  it(`the reference solution, assembled by NASM, passes under Bochs${without}`, async function () {
    if (missing.length > 0) this.skip();
    solve();
    const out = join(guests.folder, 'out');
    const built = spawnSync('sh', [join(guests.folder, 'build.sh'), NAME, out], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    assert.equal(built.stderr, '', 'NASM has no warning');
    assert.deepEqual(linesOf(await bootUnderBochs(join(out, 'exercise.img'))), expected());
  });
});

/** The lines that are not only comment; folders of includes do not count. */
function code(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.replace(/;.*/, '').replace('"../../vmm/hvm/', '"').trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '');
}
