import { strict as assert } from 'node:assert';
import { pathOf, uriOf } from '../locations';
import { applied, fixture, mark } from '../testing';
import { declaration, definition, typeDefinition } from './definition';
import { highlights, references } from './references';
import { prepareRename, rename } from './rename';

/** Marks what the references at the cursor are, in all files that have any. */
function checkReferences(
  sources: string | Record<string, string>,
  expect: string | Record<string, string>,
): void {
  const { workspace, path, position, texts } = fixture(sources);
  const found = references(workspace, path, position, true);
  const wanted = typeof expect === 'string' ? { 'main.asm': expect } : expect;
  const marked: Record<string, string> = {};
  for (const [file, text] of texts) {
    const ranges = found.filter((l) => pathOf(l.uri) === file).map((l) => l.range);
    if (ranges.length > 0) marked[file.slice(3)] = mark(text, ranges);
  }
  assert.deepEqual(marked, wanted);
}

function checkDefinition(sources: string | Record<string, string>, file: string, line: number): void {
  const { workspace, path, position } = fixture(sources);
  const [found] = definition(workspace, path, position);
  assert.deepEqual(found && [found.uri, found.range.start.line], [uriOf(`/w/${file}`), line]);
}

function renamed(sources: string | Record<string, string>, to: string): Record<string, string> {
  const { workspace, path, position, texts } = fixture(sources);
  const { changes } = rename(workspace, path, position, to);
  return Object.fromEntries(
    Object.entries(changes ?? {}).map(([uri, edits]) => [
      pathOf(uri).slice(3),
      applied(texts.get(pathOf(uri))!, edits),
    ]),
  );
}

function refusal(sources: string, to: string): string {
  const { workspace, path, position } = fixture(sources);
  try {
    rename(workspace, path, position, to);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

describe('references', () => {
  it('of a label', () => {
    checkReferences('bits 64\nmain: jmp ma|in\n dq main\n', 'bits 64\n«main»: jmp «main»\n dq «main»\n');
  });
  it('of a local label: only those of the same parent', () => {
    checkReferences(
      'a:\n.x: jmp .|x\nb:\n.x: jmp .x\n jmp a.x\n',
      'a:\n«.x»: jmp «.x»\nb:\n.x: jmp .x\n jmp a«.x»\n',
    );
  });
  it('of a parent label in full names', () => {
    checkReferences('|a:\n.x: nop\nb: jmp a.x\n', '«a»:\n.x: nop\nb: jmp «a».x\n');
  });
  it('of a field, with or without its structure', () => {
    checkReferences(
      'struc s\n.f: resd 1\nendstruc\n mov eax, [ebx + s.|f]\nv: istruc s\nat .f, dd 1\nat s.f, dd 1\niend\n',
      'struc s\n«.f»: resd 1\nendstruc\n mov eax, [ebx + s«.f»]\nv: istruc s\nat «.f», dd 1\nat s«.f», dd 1\niend\n',
    );
  });
  it('of a structure, its size included', () => {
    checkReferences(
      'struc |s\n.f: resd 1\nendstruc\nv: resb s_size\n mov eax, [s.f]\n',
      'struc «s»\n.f: resd 1\nendstruc\nv: resb «s»_size\n mov eax, [«s».f]\n',
    );
  });
  it('of a multi-line macro', () => {
    checkReferences(
      '%macro |two 1\n nop\n%endmacro\n two 1\nx: two 2\n%ifmacro two\n%endif\n',
      '%macro «two» 1\n nop\n%endmacro\n «two» 1\nx: «two» 2\n%ifmacro «two»\n%endif\n',
    );
  });
  it('of a single-line macro, in conditions and in %[…]', () => {
    checkReferences(
      '%define N| 1\n%ifdef N\n mov eax, N\nx%[N]: nop\n%endif\n%undef N\n',
      '%define «N» 1\n%ifdef «N»\n mov eax, «N»\nx%[«N»]: nop\n%endif\n%undef «N»\n',
    );
  });
  it("of a macro's own label and its parameters", () => {
    checkReferences(
      '%macro m 1\n%%a: jmp %%|a\n mov eax, %1\n%endmacro\n%macro n 0\n%%a: jmp %%a\n%endmacro\n',
      '%macro m 1\n«%%a»: jmp «%%a»\n mov eax, %1\n%endmacro\n%macro n 0\n%%a: jmp %%a\n%endmacro\n',
    );
    checkReferences('%macro m 1\n mov %|1, %{1}\n%endmacro\n', '%macro m 1\n mov «%1», «%{1}»\n%endmacro\n');
  });
  it('of labels that macros make of their parameter', () => {
    const head = '%macro proc 1\nglobal %1\n%1:\n%endmacro\n';
    checkReferences(
      `${head}proc a\n.x: jmp .|x\nproc b\n.x: jmp .x\n call a\n`,
      `${head}proc a\n«.x»: jmp «.x»\nproc b\n.x: jmp .x\n call a\n`,
    );
    checkReferences(
      `${head}proc a\n.x: nop\nproc b\n call |a\n`,
      `${head}proc «a»\n.x: nop\nproc b\n call «a»\n`,
    );
  });
  it('of a context local', () => {
    checkReferences(
      '%macro if 0\n%push if\n jz %$|else\n%endmacro\n%macro fi 0\n%$else:\n%pop\n%endmacro\n',
      '%macro if 0\n%push if\n jz «%$else»\n%endmacro\n%macro fi 0\n«%$else»:\n%pop\n%endmacro\n',
    );
  });
  it('of a context local: not those of another context of the same name', () => {
    checkReferences(
      '%push a\n jmp %$|x\n%$x:\n%push a\n%$x: jmp %$x\n jmp %$$x\n%pop\n jmp %$x\n%pop\n%push a\n%$x: jmp %$x\n%pop\n',
      '%push a\n jmp «%$x»\n«%$x»:\n%push a\n%$x: jmp %$x\n jmp «%$$x»\n%pop\n jmp «%$x»\n%pop\n%push a\n%$x: jmp %$x\n%pop\n',
    );
  });
  const BLOCKS =
    '%macro if 0\n%push if\n jz %$no\n%endmacro\n' +
    '%macro else 0\n%ifctx if\n%repl else\n jmp %$end\n%$no:\n%else\n%error no\n%endif\n%endmacro\n' +
    '%macro fi 0\n%ifctx if\n%$no:\n%pop\n%elifctx else\n%$end:\n%pop\n%endif\n%endmacro\n' +
    '%macro loop_ 0\n%push loop\n%$no:\n%endmacro\n%macro pool_ 0\n jmp %$no\n%pop loop\n%endmacro\n';
  const marked = (text: string) =>
    text
      .split('%macro loop_')
      .map((t, i) => (i === 0 ? t.replaceAll('%$no', '«%$no»') : t))
      .join('%macro loop_');
  it('of a context local in macros that work together, called or not', () => {
    for (const calls of ['', ' if\n loop_\n else\n pool_\n fi\n', ' if\n loop_\n pool_\n else\n fi\n']) {
      const text = BLOCKS + calls;
      checkReferences(text.replace('jz %$no', 'jz %$|no'), marked(text));
    }
  });
  it('of a context local on either side of a condition, and what is behind it', () => {
    checkReferences(
      '%if 1\n%push a\n%else\n%push b\n%$|x:\n%endif\n jmp %$x\n%pop\n%push a\n%$x:\n%pop\n',
      '%if 1\n%push a\n%else\n%push b\n«%$x»:\n%endif\n jmp «%$x»\n%pop\n%push a\n%$x:\n%pop\n',
    );
  });
  it('of a context local, when a call that pushes another context comes in between', () => {
    const { workspace, path, position } = fixture(
      '%macro open 0\n%push b\n%endmacro\n%push a\n jmp %$|x\n nop\n jmp %$x\n%pop\n',
    );
    const lines = () => references(workspace, path, position, true).map((l) => l.range.start.line);
    assert.deepEqual(lines(), [4, 6]);
    const at = { line: 5, character: 0 };
    workspace
      .document(path)!
      .update([{ range: { start: at, end: { ...at, character: 4 } }, text: ' open' }], 2);
    assert.deepEqual(lines(), [4]);
  });
  it('of a context local across files', () => {
    checkReferences(
      {
        'main.asm': '%include "open.inc"\n%$x: jmp %$|x\n%include "close.inc"\n%push p\n%$x:\n%pop\n',
        'open.inc': '%push p\n',
        'close.inc': ' jmp %$x\n%pop\n',
      },
      {
        'main.asm': '%include "open.inc"\n«%$x»: jmp «%$x»\n%include "close.inc"\n%push p\n%$x:\n%pop\n',
        'close.inc': ' jmp «%$x»\n%pop\n',
      },
    );
  });
  it('of a context local inside %[…] and in directives of the preprocessor', () => {
    checkReferences(
      '%push a\n%assign %$i 1\n%ifdef %$i\n db %[%$i], %$|i\n%endif\n%pop\n%push a\n%assign %$i 2\n%pop\n',
      '%push a\n%assign «%$i» 1\n%ifdef «%$i»\n db %[«%$i»], «%$i»\n%endif\n%pop\n%push a\n%assign %$i 2\n%pop\n',
    );
  });
  it('across the files of a program', () => {
    checkReferences(
      { 'main.asm': '%include "a.inc"\n mov eax, ON|E\n', 'a.inc': 'ONE equ 1\n' },
      { 'main.asm': '%include "a.inc"\n mov eax, «ONE»\n', 'a.inc': '«ONE» equ 1\n' },
    );
  });
  it('from a header in all programs that include it', () => {
    checkReferences(
      {
        'a.asm': '%include "h.inc"\n db ONE\n',
        'b.asm': '%include "h.inc"\n dw ONE\n',
        'h.inc': '|ONE equ 1\n',
      },
      {
        'a.asm': '%include "h.inc"\n db «ONE»\n',
        'b.asm': '%include "h.inc"\n dw «ONE»\n',
        'h.inc': '«ONE» equ 1\n',
      },
    );
  });
  it('knows a definition from its uses', () => {
    const { workspace, path, position } = fixture('x|: jmp x\n');
    assert.deepEqual(
      highlights(workspace, path, position).map((h) => h.kind),
      [3, 2],
    );
  });
});

describe('definition', () => {
  it('of a parameter is the head of its macro', () => {
    checkDefinition('\n%macro m 1\n mov eax, %|1\n%endmacro\n', 'main.asm', 1);
  });
  it('of a label, a macro, an include', () => {
    checkDefinition('x: nop\n jmp x|\n', 'main.asm', 0);
    checkDefinition(' nop\n%macro m 0\n%endmacro\n |m\n', 'main.asm', 1);
    checkDefinition({ 'main.asm': '%include "a/|b.inc"\n', 'a/b.inc': '' }, 'a/b.inc', 0);
  });
  it('of a field leads into the structure; its type is the structure', () => {
    const source = '\nstruc s\n.f: resd 1\nendstruc\n mov eax, [s.|f]\n';
    checkDefinition(source, 'main.asm', 2);
    const { workspace, path, position } = fixture(source);
    assert.equal(typeDefinition(workspace, path, position)[0].range.start.line, 1);
  });
  it('of an external name is where it is declared', () => {
    const { workspace, path, position } = fixture('extern f\n call |f\n');
    assert.equal(declaration(workspace, path, position)[0].range.start.line, 0);
  });
});

describe('rename', () => {
  it('a label across the include graph', () => {
    assert.deepEqual(
      renamed(
        { 'main.asm': 'bits 64\n%include "a.asm"\n call wo|rk\n', 'a.asm': 'work: ret\n.x: jmp work.x\n' },
        'run',
      ),
      { 'main.asm': 'bits 64\n%include "a.asm"\n call run\n', 'a.asm': 'run: ret\n.x: jmp run.x\n' },
    );
  });
  it('a local label, given with or without its dot', () => {
    for (const to of ['next', '.next'])
      assert.deepEqual(
        renamed('a:\n.x: jmp .|x\n jmp a.x\n', to)['main.asm'],
        'a:\n.next: jmp .next\n jmp a.next\n',
      );
  });
  it('macros, their labels, context locals and parameters of single-line macros', () => {
    assert.equal(
      renamed('%macro m 0\n%%a: jmp %%|a\n%endmacro\n', 'b')['main.asm'],
      '%macro m 0\n%%b: jmp %%b\n%endmacro\n',
    );
    assert.equal(
      renamed('%macro m 0\n nop\n%endmacro\n |m\n', 'go')['main.asm'],
      '%macro go 0\n nop\n%endmacro\n go\n',
    );
    assert.equal(renamed('%push c\n%$|a: jmp %$a\n%pop\n', 'b')['main.asm'], '%push c\n%$b: jmp %$b\n%pop\n');
    assert.equal(
      renamed('%define f(x) (|x+x)\n db f(1)\n', 'y')['main.asm'],
      '%define f(y) (y+y)\n db f(1)\n',
    );
    assert.equal(renamed('%define N| 1\n db N\n', 'M')['main.asm'], '%define M 1\n db M\n');
  });
  it('a structure takes its size and fields along', () => {
    assert.equal(
      renamed('struc |s\n.f: resd 1\nendstruc\n dd s.f, s_size\n', 't')['main.asm'],
      'struc t\n.f: resd 1\nendstruc\n dd t.f, t_size\n',
    );
  });
  it('refuses what is no name, taken, reserved or built by macros', () => {
    assert.match(refusal(' m|ov eax, 1\n', 'x'), /instruction/);
    assert.match(refusal(' mov e|ax, 1\n', 'x'), /register/);
    assert.match(refusal('a|: nop\n', '1x'), /not a name/);
    assert.match(refusal('a|: nop\n', 'rax'), /register/);
    assert.match(refusal('a|: nop\nb: nop\n', 'b'), /already/);
    assert.match(
      refusal('%define s(x) %str(x)\n%macro t 1\n%defstr q %1\n db q\n%endmacro\na|: nop\n t a\n', 'b'),
      /change what the program/,
    );
    assert.match(refusal('a|: nop\nb: nop\n', 'mov'), /instruction/);
    assert.match(refusal(' call nowhere|\n', 'x'), /not defined/);
  });
  it('a context local in its own context only, and not to a name that is taken there', () => {
    const text = '%push a\n jmp %$|x\n%$x:\n%pop\n%push a\n%$x: jmp %$x\n%$y:\n%pop\n';
    assert.deepEqual(renamed(text, 'y'), {
      'main.asm': '%push a\n jmp %$y\n%$y:\n%pop\n%push a\n%$x: jmp %$x\n%$y:\n%pop\n',
    });
    assert.match(refusal('%push a\n jmp %$|x\n%$x:\n%$y:\n%pop\n', 'y'), /already names/);
  });
  it('says what would be renamed', () => {
    const { workspace, path, position } = fixture('a:\n.lo|op: nop\n');
    const { range, placeholder } = prepareRename(workspace, path, position);
    assert.deepEqual([placeholder, range.start.character, range.end.character], ['loop', 1, 5]);
  });
});
