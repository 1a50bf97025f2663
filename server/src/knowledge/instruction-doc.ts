import { exceptionsOf } from './exceptions';
import { factsOf, formsIn, type InstructionFacts } from './instructions';
import { summaryOf } from './summaries';
import { EXIT_REASONS, exitKey, VM_EXITS } from './vm-exits';

/** Forms listed in a hover before it says "and more". */
const MAX_FORMS = 12;

/**
 * Everything known about an instruction, as Markdown. `registers` are those of
 * the operands at hand, `own` the facts of the encoding where it is known.
 */
export function instructionDoc(
  mnemonic: string,
  bits: 16 | 32 | 64,
  registers: readonly (string | undefined)[] = [],
  own?: InstructionFacts,
): string | undefined {
  const facts = own ?? factsOf(mnemonic, bits);
  const summary = summaryOf(mnemonic);
  if (!facts) return summary && `**${mnemonic.toUpperCase()}** — ${summary}`;
  const parts = [`**${mnemonic.toUpperCase()}** — ${summary ?? 'x86 instruction.'}`];
  parts.push(formList(mnemonic, bits));
  const lines = [flagLine(facts), implicitLine(facts), `CPU: ${facts.features.join(', ') || '8086'}`];
  if (facts.privileged)
    lines.push(`Privileged: ring 0 only${mnemonic === 'vmcall' ? ', but a guest may use it anywhere' : ''}`);
  lines.push(`Exceptions: ${exceptionsOf(mnemonic, facts).join(', ') || 'none'}`);
  lines.push(...exitLines(mnemonic, registers, facts));
  parts.push(
    lines
      .filter((line) => line !== '')
      .map((line) => `- ${line}`)
      .join('\n'),
  );
  return parts.join('\n\n');
}

/** Operand forms in Intel's notation. */
export function formTexts(mnemonic: string, bits: 16 | 32 | 64): string[] {
  const texts = formsIn(mnemonic, bits).map((form) => {
    const space = form.text.indexOf(' ');
    const operands = space < 0 ? '' : form.text.slice(space + 1);
    return `${mnemonic} ${operands.toLowerCase()}`.trim();
  });
  return [...new Set(texts)];
}

function formList(mnemonic: string, bits: 16 | 32 | 64): string {
  const texts = formTexts(mnemonic, bits);
  const shown = texts.slice(0, MAX_FORMS);
  if (texts.length > shown.length) shown.push(`; and ${texts.length - shown.length} more`);
  return `\`\`\`nasm\n${shown.join('\n')}\n\`\`\``;
}

function flagLine({ flags }: InstructionFacts): string {
  const parts: string[] = [];
  if (flags.read.length > 0) parts.push(`reads ${flags.read.join(' ')}`);
  if (flags.written.length > 0) parts.push(`writes ${flags.written.join(' ')}`);
  if (flags.cleared.length > 0) parts.push(`clears ${flags.cleared.join(' ')}`);
  if (flags.set.length > 0) parts.push(`sets ${flags.set.join(' ')}`);
  if (flags.undefined.length > 0) parts.push(`leaves ${flags.undefined.join(' ')} undefined`);
  return `Flags: ${parts.join('; ') || 'unchanged'}`;
}

function implicitLine({ implicit }: InstructionFacts): string {
  const parts: string[] = [];
  if (implicit.read.length > 0) parts.push(`reads ${implicit.read.join(' ')}`);
  if (implicit.written.length > 0) parts.push(`writes ${implicit.written.join(' ')}`);
  return parts.length > 0 ? `Implied registers: ${parts.join('; ')}` : '';
}

/** Whether and how it leaves a guest, on Intel and on AMD. */
export function exitLines(
  mnemonic: string,
  registers: readonly (string | undefined)[],
  facts: InstructionFacts,
): string[] {
  const known = VM_EXITS[exitKey(mnemonic, registers)];
  const lines: string[] = [];
  const memory = facts.memory || facts.stack ? ' (an access to memory can, by an EPT violation)' : '';
  if (known?.vmx) {
    const { always, reason, when } = known.vmx;
    const name = `reason ${reason}, ${EXIT_REASONS[reason]}`;
    lines.push(
      `VMX non-root: **${always ? 'always exits' : 'may exit'}** (${name})${when ? ` — ${always ? '' : 'if '}${when.trim()}` : ''}`,
    );
  } else if (facts.exits.intel !== 'no' && mnemonic !== 'mov') {
    lines.push(`VMX non-root: **${facts.exits.intel === 'always' ? 'always exits' : 'may exit'}**`);
  } else if (!known?.svm || /^(mov|smsw|push|pop|iret)/.test(mnemonic)) {
    lines.push(`VMX non-root: does not exit${memory}`);
  } else lines.push('VMX non-root: does not exit; #UD where Intel does not have it');
  if (known?.svm) {
    const { always, code, when } = known.svm;
    lines.push(
      `SVM guest: **${always ? 'always exits' : 'exits when intercepted'}** (code ${code.toString(16).padStart(3, '0').toUpperCase()}h) — ${when}`,
    );
  } else if (known?.vmx && /^vm|^inv[ev]/.test(mnemonic))
    lines.push('SVM guest: raises #UD (an Intel instruction)');
  else
    lines.push(
      `SVM guest: no intercept of its own${memory.replace('an EPT violation', 'a nested page fault')}`,
    );
  return lines;
}
