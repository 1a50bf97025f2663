import { strict as assert } from 'node:assert';
import type { CompletionItem } from 'vscode-languageserver';
import { applied, fixture } from '../testing';
import { compactCompletion, completion, resolveCompletion } from './completion';
import { signatureHelp } from './signature';

function items(sources: string | Record<string, string>): CompletionItem[] {
  const { workspace, path, position } = fixture(sources);
  return completion(workspace, path, position).items;
}

/** All of `wanted` are offered, none of `unwanted`. */
function check(sources: string | Record<string, string>, wanted: string, unwanted = ''): void {
  const labels = new Set(items(sources).map((i) => i.label));
  for (const label of wanted.split(' ').filter((w) => w))
    assert.ok(labels.has(label), `${label} is missing of ${[...labels].slice(0, 60)}`);
  for (const label of unwanted.split(' ').filter((w) => w))
    assert.ok(!labels.has(label), `${label} is offered`);
}

describe('completion', () => {
  it('offers instructions of the mode', () => {
    check('bits 64\n sysc|', 'syscall');
    check('bits 64\n pus|', 'push pushfq', 'pushad');
    check('bits 32\n pus|', 'push pushad', 'pushfq');
    check('bits 64\n vmre|', 'vmread vmresume');
  });
  it('offers macros with their parameters, as a snippet', () => {
    const found = items('%macro copy 2\n%endmacro\n co|').find((i) => i.label === 'copy')!;
    assert.match((found.textEdit as { newText: string }).newText, /^copy \$\{1:1\}, \$\{2:2\}$/);
  });
  it('offers registers by operand', () => {
    check('bits 64\n mov |', 'rax eax al cr0 dr7 qword', 'xmm0');
    check('bits 64\n mov eax, |', 'ebx', 'bx rbx');
    check('bits 64\n mov cr3, |', 'rax', 'eax cr0');
    check('bits 64\n in |', 'al ax eax', 'bl');
    check('bits 64\n out |', 'dx', 'cx');
    check('bits 64\n shl eax, |', 'cl', 'bl');
    check('bits 64\n addps xmm1, |', 'xmm2', 'eax');
    check('bits 32\n mov eax, [|', 'ebx esi', 'rbx r8d ax');
    check('bits 64\n mov eax, [|', 'rbx rel', 'xmm0');
  });
  it('offers labels to jumps, local ones of the same label only', () => {
    check('bits 64\na:\n.x: nop\nb:\n.y: nop\n jmp |', 'a b .y', '.x');
    check('a:\n.x: nop\n.y: jmp .|', '.x .y', 'a');
  });
  it('offers fields behind their structure', () => {
    check('struc vm\n.rax: resq 1\n.rip: resq 1\nendstruc\n mov eax, [vm.|', 'vm.rax vm.rip');
    check('struc vm\n.rax: resq 1\nendstruc\nv: istruc vm\nat .|', '.rax');
    check('struc vm\n.rax: resq 1\nendstruc\nv: istruc |', 'vm');
    check('struc vm\n.rax: resq 1\nendstruc\nresb vm|', 'vm vm_size');
  });
  it('offers the locals of the context on top, each once', () => {
    const text = '%push a\n%$x: nop\n%push b\n%$y: nop\n jmp %$y\n jmp %$|\n%pop\n%pop\n';
    assert.deepEqual(
      items(text)
        .map((i) => i.label)
        .filter((l) => l.startsWith('%$')),
      ['%$y'],
    );
    check('%push a\n%$x: nop\n%push b\n%$y: nop\n%pop\n jmp %$|\n%pop\n', '%$x', '%$y');
    check('%push a\n%$x: nop\n%push b\n%$y: nop\n jmp %$$|\n%pop\n%pop\n', '%$$x', '%$$y');
  });
  it('offers constants and single-line macros in expressions', () => {
    check('K equ 5\n%define N 6\n mov eax, |', 'K N');
    check('%define N 6\n%ifdef |', 'N');
    check(' mov eax, __?|', '__?LINE?__ __?BITS?__');
  });
  it('offers directives and their operands', () => {
    check('%inc|', '%include');
    check('%|', '%macro %if %endif');
    check('sec|', 'section');
    check('bits |', '16 32 64');
    check('section |', '.text .data .bss');
    check('%use |', 'altreg');
    check('default |', 'rel abs');
  });
  it("offers a macro's parameters and labels in its body", () => {
    check('%macro m 2\n%%loop: mov eax, %|\n%endmacro\n', '%1 %2 %%loop');
  });
  it('offers files to include', () => {
    check(
      { 'main.asm': '%include "|', 'a.inc': '', 'sub/b.inc': '', 'c.bin': '' },
      'a.inc sub/',
      'c.bin main.asm',
    );
    check({ 'main.asm': '%include "sub/|"', 'sub/b.inc': '' }, 'b.inc');
    check({ 'main.asm': 'incbin "|', 'c.bin': '' }, 'c.bin');
  });
  it('replaces the word as it is written, dots and all', () => {
    const { workspace, path, position, texts } = fixture(
      'struc vm\n.rax: resq 1\nendstruc\n mov eax, [vm.r|]\n',
    );
    const item = completion(workspace, path, position).items.find((i) => i.label === 'vm.rax')!;
    const { range, newText } = item.textEdit as {
      range: { start: typeof position; end: typeof position };
      newText: string;
    };
    assert.match(applied(texts.get(path)!, [{ range, newText }]), /\[vm\.rax\]/);
  });
  it('says the range once where the client understands it', () => {
    const { workspace, path, position } = fixture('%macro copy 1\n%endmacro\n co|');
    const list = compactCompletion(workspace, path, position);
    assert.deepEqual(list.itemDefaults?.editRange, {
      start: { line: 2, character: 1 },
      end: { line: 2, character: 3 },
    });
    const item = list.items.find((i) => i.label === 'copy')!;
    assert.equal(item.textEdit, undefined);
    assert.match(item.textEditText ?? '', /^copy \$\{1/);
  });
  it('offers statements behind `times`, string instructions behind `rep`, directives behind `[`', () => {
    check(' times 5 |', 'db nop resb', 'section');
    check('x: times (5) d|', 'db dd', 'dup');
    check('N equ 5\n times |', 'N', 'nop');
    check('bits 64\n rep |', 'movsb stosq', 'mov add');
    check('[|]', 'bits section', 'mov getsec db');
  });
  it('offers decorators in braces', () => {
    check('bits 64\n vaddps zmm1{|', 'k1 z', 'zmm0 1to16');
    check('bits 64\n vaddps zmm1{k1}{|', 'z', 'k1');
    check('bits 64\n vaddps zmm1, zmm2, [rax]{|', '1to16', 'zmm0 k1');
    check('bits 64\n vaddps zmm1, zmm2, zmm3, {r|', 'rn-sae', 'k1');
  });
  it('offers the names of contexts, and no section that is only being typed', () => {
    check('%push loop\n%pop |', 'loop');
    check('%push loop\n%ifctx l|', 'loop');
    check('section .data\nsection .d|', '.data', '.d');
  });
  it('has what is written often among the first', () => {
    check('bits 64\n |', 'mov xor jmp call');
  });
  it('offers nothing in comments, strings and numbers', () => {
    for (const source of [' nop ; mo|', ' db "mo|', ' mov eax, 12|']) assert.deepEqual(items(source), []);
  });
  it('documents an item when asked', () => {
    const { workspace, path, position } = fixture('; How many.\nK equ 5\n mov eax, K|');
    const item = completion(workspace, path, position).items.find((i) => i.label === 'K')!;
    assert.match(
      (resolveCompletion(workspace, item).documentation as { value: string }).value,
      /How many\.[\s\S]*dec `5`/,
    );
    const add = items(' ad|').find((i) => i.label === 'add')!;
    assert.match(
      (resolveCompletion(workspace, add).documentation as { value: string }).value,
      /Flags: writes/,
    );
  });
});

/** The active signature with its active parameter in «». */
function signature(source: string): string {
  const { workspace, path, position } = fixture(source);
  const help = signatureHelp(workspace, path, position);
  if (!help) return '';
  const active = help.signatures[help.activeSignature ?? 0];
  const part = active.parameters?.[help.activeParameter ?? 0]?.label as [number, number] | undefined;
  if (!part) return active.label;
  return `${active.label.slice(0, part[0])}«${active.label.slice(...part)}»${active.label.slice(part[1])}`;
}

describe('signature help', () => {
  it('shows the forms of an instruction that fit so far', () => {
    assert.equal(signature('bits 64\n mov cr3, |'), 'mov cr, «r64»');
    assert.equal(signature('bits 64\n in al, |'), 'in al, «imm8»');
    assert.match(signature('bits 64\n add |'), /^add «r\/m8», r8$/);
  });
  it('shows the parameters of a macro, with the names its comment gives', () => {
    assert.equal(signature('%macro copy 2 ; from, to\n%endmacro\n copy rax, |'), 'copy from, «to»');
    assert.equal(signature('%macro m 1-2 0\n%endmacro\n m 1, |'), 'm %1, «[%2 = 0]»');
  });
  it('shows the parameters of a single-line macro', () => {
    assert.equal(signature('%define f(a, b) a+b\n mov eax, f(1, |'), 'f(a, «b») a+b');
  });
  it('shows the operands of directives, and nothing elsewhere', () => {
    assert.equal(signature(' align |'), 'align power of two[, filler]');
    assert.equal(signature('%ifdef |'), '%ifdef name');
    assert.equal(signature(' nop ; add |'), '');
    assert.equal(signature('|'), '');
  });
});
