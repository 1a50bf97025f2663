import { strict as assert } from 'node:assert';
import { uriOf } from '../locations';
import { applied, fixture } from '../testing';
import { codeActions } from './code-actions';
import { diagnosticsOf, unusedLabels } from './diagnostics';

/** The titles of the actions at the cursor, and the text after the one that matches. */
function actions(source: string, title?: RegExp): { titles: string[]; text: string } {
  const { workspace, path, position, texts } = fixture(source);
  const diagnostics = (diagnosticsOf(workspace, [path]).get(path) ?? []).filter(
    (d) => d.range.start.line === position.line,
  );
  const found = codeActions(workspace, path, { start: position, end: position }, diagnostics);
  const chosen = title && found.find((a) => title.test(a.title));
  const edits = chosen?.edit?.changes?.[uriOf(path)] ?? [];
  return { titles: found.map((a) => a.title), text: applied(texts.get(path)!, edits) };
}

describe('code actions', () => {
  it('write the missing size', () => {
    const { titles, text } = actions('bits 64\n inc |[rax]\n', /dword/);
    assert.deepEqual(
      titles.map((t) => t.split(' ')[1]),
      ['byte', 'word', 'dword', 'qword'],
    );
    assert.match(text, /inc dword \[rax\]/);
  });
  it('correct a misspelt symbol, declare or define it', () => {
    assert.match(actions('counter: dd 0\n mov eax, [|conter]\n', /^Change/).text, /\[counter\]/);
    assert.match(actions('; top\n mov eax, [|elsewhere]\n', /extern/).text, /extern {2}elsewhere\n/);
    assert.match(actions(' jmp |there\n', /label/).text, /there:\n/);
  });
  it('correct a misspelt instruction', () => {
    assert.match(actions(' |mvo eax, 1\n', /^Change to mov/).text, /mov eax, 1/);
  });
  it('change the mode of an instruction that does not exist in it', () => {
    assert.match(actions('bits 32\n |syscall\n mov rax, 1\n', /never/).text, /bits 32/);
    assert.match(actions('bits 32\n |swapgs\n', /bits 64/).text, /bits 64\n/);
  });
  it('offer only modes in which the operands exist, or the register of the other width', () => {
    assert.deepEqual(actions('bits 32\n mov |rax, 1\n').titles.slice(0, 2), ['Use eax', 'Change to bits 64']);
    assert.match(actions('bits 32\n mov |rax, 1\n', /Use eax/).text, /mov eax, 1/);
    assert.match(actions('bits 64\n push |eax\n', /Use rax/).text, /push rax/);
    assert.match(actions('bits 32\n jmp |[rax]\n', /bits 64/).text, /bits 64/);
    assert.ok(!actions('bits 32\n jmp |[rax]\n').titles.some((t) => /bits 16/.test(t)));
  });
  it('add a missing field to its structure, and no label of that name', () => {
    const source = 'struc s\n.a: resd 1\nendstruc\n mov ax, [s.|bcdefg]\n';
    assert.deepEqual(actions(source).titles, ['Add the field .bcdefg to s']);
    assert.match(actions(source, /field/).text, /\.a: resd 1\n +\.bcdefg +resd 1\nendstruc/);
  });
  it('close brackets, remove short, correct directives of the preprocessor', () => {
    assert.match(actions('bits 64\n mov eax, [rbx|\n', /Add \]/).text, /\[rbx\]\n/);
    assert.match(actions(' jmp short |x\n times 200 nop\nx:\n', /Remove short/).text, /jmp x\n/);
    assert.match(actions('%if|dfe X\n%endif\n', /Change/).text, /^%ifdef X/);
  });
  it('take a single letter for no misspelling', () => {
    assert.ok(!actions('%macro m 2\n%endmacro\n |m 1\n').titles.some((t) => /Change/.test(t)));
  });
  it('make operands the same size', () => {
    assert.match(actions('bits 64\n |mov rax, bl\n', /movzx/).text, /movzx rax, bl/);
    assert.match(actions('bits 64\n |mov rax, bl\n', /source/).text, /mov rax, rbx/);
    assert.match(actions('bits 64\n |mov rax, bl\n', /destination/).text, /mov al, bl/);
  });
  it('remove an unused label', () => {
    assert.match(actions('a:\n|.b: nop\n', /unused/).text, /^a:\n {4}nop\n$/);
  });
  it('convert numbers', () => {
    assert.match(actions(' mov eax, 6|5\n', /hexa/).text, /eax, 0x41/);
    assert.match(actions(' mov eax, 0|x41\n', /decimal: 65/).text, /eax, 65/);
    assert.match(actions(' mov eax, 0|x41\n', /binary/).text, /eax, 0b0100_0001/);
    assert.match(actions(' mov eax, 0|x41\n', /character/).text, /eax, 'A'/);
    assert.match(actions(" mov eax, '|AB'\n", /hexa/).text, /eax, 0x4241/);
  });
  it('add global', () => {
    assert.match(actions('st|art: nop\n', /global/).text, /^ {8}global {2}start\nstart:/);
    assert.ok(!actions('global start\nst|art: nop\n').titles.some((t) => /global/.test(t)));
  });
});

describe('diagnostics', () => {
  it("are the assembler's, with the macro calls and includes that led there", () => {
    const { workspace } = fixture({
      'main.asm': '%include "a.inc"\n bad 1\n|',
      'a.inc': '%macro bad 1\n mov al, rbx\n%endmacro\n',
    });
    const all = diagnosticsOf(workspace, ['/w/main.asm']);
    const [first] = all.get('/w/a.inc') ?? [];
    assert.ok(first, 'the fault is in the macro');
    assert.match(first.relatedInformation?.[0].message ?? '', /expansion of `bad`/);
    assert.equal(first.relatedInformation?.[0].location.uri, uriOf('/w/main.asm'));
  });
  it('grey out local labels that nothing uses', () => {
    const { workspace, path } = fixture('a:\n.x: nop\n.y: jmp .y\n jmp a\n|');
    assert.deepEqual(
      unusedLabels(workspace, path).map((d) => d.message),
      ['label `a.x` is never used'],
    );
  });
  it('of an earlier program of a lab do not keep the later ones from being understood', () => {
    const { workspace } = fixture({
      'lab.json':
        '{"title":"t","programs":[{"name":"k","source":"k.asm","output":"k.bin","runs":"guest"},{"name":"v","source":"v.asm","output":"v.img","runs":"vmm"}],"boot":"v.img"}',
      'k.asm': ' mov al, rbx\n|',
      'v.asm': 'v: nop\n incbin "k.bin"\n',
    });
    const all = diagnosticsOf(workspace, ['/w/k.asm', '/w/v.asm']);
    assert.equal(all.get('/w/k.asm')?.length, 1);
    assert.equal(workspace.programOf('/w/v.asm')?.entry('v')?.value, 0n);
  });
});
