import { strict as assert } from 'node:assert';
import { allMnemonics } from '@hyperstep/assembler';
import { instructionDoc } from './instruction-doc';
import { factsOf } from './instructions';
import { summaryOf } from './summaries';
import { EXIT_REASONS, exitKey, VM_EXITS } from './vm-exits';

/** Where our table and iced-x86's flags differ, and why. */
const DIFFERENT: Readonly<Record<string, string>> = {
  mov: 'control and debug registers have keys of their own',
  iretq: 'task switches do not exist in 64-bit mode',
  smsw: 'reads the CR0 read shadow, never exits (SDM vol. 3, 26.3)',
  senduipi: 'only by its memory accesses (virtual APIC)',
  smi: "NASM's name of INT1, whose entry has it",
  pcommit: 'withdrawn before any processor had it',
};

describe('knowledge of instructions', () => {
  it('has a summary for all', () => {
    assert.deepEqual(
      allMnemonics().filter((name) => !summaryOf(name)),
      [],
    );
  });

  it('puts summaries of families together', () => {
    assert.equal(summaryOf('vmaxps'), 'Maximum of packed single-precision values.');
    assert.equal(summaryOf('kaddq'), 'Adds masks.');
    assert.equal(summaryOf('vptestmb'), 'Tests and makes a mask from packed bytes.');
    assert.match(summaryOf('vmread')!, /VMCS/);
  });

  it('agrees with iced-x86 about which instructions can exit a VMX guest', () => {
    const differences: string[] = [];
    for (const name of allMnemonics()) {
      const facts = factsOf(name, 64);
      if (!facts || name in DIFFERENT) continue;
      const own = VM_EXITS[exitKey(name, [])]?.vmx;
      if ((own !== undefined) !== (facts.exits.intel !== 'no')) differences.push(name);
      // "Always" of exceptions (int3, ud2) depends on the exception bitmap.
      if (own?.always && facts.exits.intel !== 'always') differences.push(`${name} always`);
    }
    assert.deepEqual(differences, []);
  });

  it('names every exit reason it uses', () => {
    for (const [name, { vmx }] of Object.entries(VM_EXITS)) {
      if (vmx) assert.ok(EXIT_REASONS[vmx.reason], `${name}: reason ${vmx.reason}`);
    }
  });

  it('can describe every instruction in every mode', () => {
    for (const name of allMnemonics()) {
      for (const bits of [16, 32, 64] as const) assert.ok(instructionDoc(name, bits)?.startsWith('**'), name);
    }
  });

  it('derives flags, features and privilege', () => {
    assert.deepEqual(factsOf('shl', 64)?.flags.written, ['OF', 'SF', 'ZF', 'PF', 'CF']);
    assert.deepEqual(factsOf('inc', 64)?.flags.written, ['OF', 'SF', 'ZF', 'AF', 'PF']);
    assert.deepEqual(factsOf('jbe', 64)?.flags.read, ['ZF', 'CF']);
    assert.equal(factsOf('vmread', 64)?.privileged, true);
    assert.equal(factsOf('syscall', 64)?.privileged, false);
    assert.deepEqual(factsOf('vpaddd', 64)?.features.includes('AVX2'), true);
  });
});
