import assert from 'node:assert/strict';
import { parseCommand, UsageError } from './options';
import { run, type System } from './run';

/** A system in memory. */
function system(files: Record<string, string>, environment: Record<string, string> = {}) {
  const written = new Map<string, string>();
  const removed: string[] = [];
  let out = '';
  let err = '';
  const text = (c: Uint8Array | string) => (typeof c === 'string' ? c : Buffer.from(c).toString('latin1'));
  const s: System = {
    read: (p) => (Object.hasOwn(files, p) ? new TextEncoder().encode(files[p]) : undefined),
    write: (p, c) => {
      if (p.startsWith('nowhere/')) return false;
      written.set(p, text(c));
      return true;
    },
    remove: (p) => void removed.push(p),
    stdout: (c) => {
      out += text(c);
    },
    stderr: (c) => {
      err += c;
    },
    now: new Date(2026, 4, 3, 2, 1, 9),
    folder: '/work',
    environment,
  };
  return {
    run(line: string | string[]) {
      out = '';
      err = '';
      const code = run(typeof line === 'string' ? line.split(' ') : line, s);
      return { code, out, err };
    },
    written,
    removed,
  };
}

describe('hyperstep-asm', () => {
  it('assembles to the name of the source without its ending', () => {
    const s = system({ 'src/a.asm': ' db 1, 2' });
    assert.deepEqual(s.run('src/a.asm'), { code: 0, out: '', err: '' });
    assert.equal(s.written.get('src/a'), '\x01\x02');
    assert.equal(s.run('-f elf64 src/a.asm').code, 0);
    assert.equal(s.written.get('src/a.o')?.slice(1, 4), 'ELF');
  });

  it('takes values behind a flag or as the next word', () => {
    for (const line of ['-oout -fbin -Iinc a.asm', '-o out -f bin -I inc a.asm', 'a.asm -i inc/ -o out']) {
      const s = system({ 'a.asm': '%include "x.inc"', 'inc/x.inc': ' db 7' });
      assert.equal(s.run(line).code, 0, line);
      assert.equal(s.written.get('out'), '\x07');
    }
  });

  it('looks in the current folder before the include paths and beside the source', () => {
    const source = ' incbin "x"';
    const all = { 'd/a.asm': source, x: 'here', 'inc/x': 'inc', 'd/x': 'beside' };
    const of = (names: string[]) => {
      const s = system(Object.fromEntries(Object.entries(all).filter(([k]) => names.includes(k))));
      s.run('-Iinc -o out d/a.asm');
      return s.written.get('out');
    };
    assert.equal(of(['d/a.asm', 'x', 'inc/x', 'd/x']), 'here');
    assert.equal(of(['d/a.asm', 'inc/x', 'd/x']), 'inc');
    assert.equal(of(['d/a.asm', 'd/x']), 'beside');
  });

  it('defines, undefines and includes before the source, in order', () => {
    const s = system({
      'a.asm': ' db A, B\n%ifdef C\n db 9\n%endif\n db E',
      'p.inc': '%define D 4\n db 0xff',
    });
    const words = '-DA=1 -d B=2 -DC -UC -Pp.inc -o out a.asm --before'.split(' ');
    assert.equal(s.run([...words, '%define E D']).code, 0);
    assert.equal(s.written.get('out'), '\xff\x01\x02\x04');
  });

  it('reports in the formats gnu and vc, names macros, fails with 1', () => {
    const source = '%macro m 0\n mov eax\n%endmacro\n m\n db 300\n';
    const s = system({ 'a.asm': source });
    const gnu = s.run('a.asm');
    assert.equal(gnu.code, 1);
    assert.equal(
      gnu.err,
      "a.asm:4: error: `mov` takes 2 operands, not 1\na.asm:2: ... from macro `m' defined here\n" +
        'a.asm:5: warning: 300 does not fit into 1 byte [-w+number-overflow]\n',
    );
    assert.deepEqual(s.removed, ['a']);
    const vc = s.run('-Xvc -s -w-number-overflow a.asm');
    assert.equal(vc.err, '');
    assert.equal(vc.out.split('\n')[0], 'a.asm(4) : error: `mov` takes 2 operands, not 1');
    assert.equal(vc.out.includes('warning'), false);
    s.run('-Zlog a.asm');
    assert.match(s.written.get('log')!, /^a.asm:4: error/);
  });

  it('switches warnings off and makes them errors', () => {
    const s = system({ 'a.asm': ' db 300\n%warning w\n' });
    assert.equal(s.run('-w-all a.asm').err, '');
    assert.equal(s.run('-Wno-user a.asm').err.split('\n').length, 2);
    assert.equal(s.run('-w+error a.asm').code, 1);
    assert.equal(s.run('-Werror=number-overflow a.asm').code, 1);
    assert.match(s.run('-Werror=user a.asm').err, /error: w \[-w\+error=user\]/);
    assert.equal(s.run('-Werror -Wno-error a.asm').code, 0);
  });

  it('preprocesses only, even where conditions need labels', () => {
    const s = system({ 'a.asm': '%define X 5\nstart:\n  mov al, X ; c\n%if $-start = 2\n  nop\n%endif\n' });
    assert.equal(s.run('-E a.asm').out, '%line 2+1 a.asm\nstart:\n mov al, 5\n%line 5+1 a.asm\n nop\n');
    s.run('-E -o a.i a.asm');
    assert.match(s.written.get('a.i')!, /mov al, 5/);
  });

  it('writes rules for make', () => {
    const files = { 'a b.asm': '%include "x.inc"\n%include "y.inc"', 'x.inc': '' };
    const s = system({ ...files, 'c.asm': files['a b.asm'], 'y.inc': '' });
    assert.equal(s.run('-M c.asm').out, 'c : c.asm x.inc y.inc\n\n');
    assert.equal(
      s.run('-M -MT all -MP c.asm').out,
      'all : c.asm x.inc y.inc\n\nc.asm :\n\nx.inc :\n\ny.inc :\n\n',
    );
    assert.equal(s.run('-M -MQ a$b c.asm').out.split(' :')[0], 'a$$b');
    assert.equal(s.run('-MD c.d -o c.o -f elf64 c.asm').code, 0);
    assert.equal(s.written.get('c.d'), 'c.o : c.asm x.inc y.inc\n\n');
    assert.ok(s.written.has('c.o'));
    const missing = system({ 'c.asm': files['a b.asm'], 'x.inc': '' });
    for (const line of ['-MG c.asm', '-M c.asm'])
      assert.deepEqual(missing.run(line), { code: 0, out: 'c : c.asm x.inc y.inc\n\n', err: '' });
  });

  it('writes a listing and renames symbols', () => {
    const s = system({ 'a.asm': 'global f\nf: nop\nl: nop\n' });
    assert.equal(s.run('-f elf64 -l a.lst --prefix _ --lpostfix $ a.asm').code, 0);
    assert.match(s.written.get('a.lst')!, /^ {5}2 00000000 90 {22}f: nop$/m);
    assert.match(s.written.get('a.o')!, /\0_f\0l\$\0/);
  });

  it('knows -O0, -O1 and -Ox', () => {
    const source = 'bits 64\n add eax, 5\n mov rax, 5\n jmp x\nx:\n';
    const size = (flag: string) => {
      const s = system({ 'a.asm': source });
      s.run(`${flag} -o out a.asm`);
      return s.written.get('out')!.length;
    };
    assert.deepEqual(['-O0', '-O1', '-Ox', '-O9'].map(size), [20, 18, 10, 10]);
  });

  it('knows date and time', () => {
    const s = system({
      'a.asm': ' db __DATE__, __?TIME?__\n%if __?DATE_NUM?__ = 20260503\n db "!"\n%endif\n',
    });
    assert.equal(s.run('-o out a.asm').code, 0);
    assert.equal(s.written.get('out'), '2026-05-0302:01:09!');
  });

  it('reads NASMENV and response files', () => {
    const s = system({ 'a.asm': ' db X, Y', args: '-DY=2\n-oout\n' }, { NASMENV: '-DX=1' });
    assert.equal(s.run('-@ args a.asm').code, 0);
    assert.equal(s.written.get('out'), '\x01\x02');
  });

  it('gives sources the environment', () => {
    const s = system({ 'a.asm': '%ifenv WHO\n%defstr W %!WHO\n db W\n%endif\n' }, { WHO: 'me' });
    s.run('-o out a.asm');
    assert.equal(s.written.get('out'), 'me');
  });

  it('says which file cannot be written', () => {
    const s = system({ 'a.asm': ' db 1' });
    for (const flag of ['-o', '-l', '-MD', '-Z']) {
      const { code, err } = s.run(`${flag} nowhere/x a.asm`);
      assert.equal(code, 1, flag);
      assert.match(err, /a\.asm: (error|fatal): .*`nowhere\/x'/);
    }
  });

  it('complains about the command line', () => {
    const s = system({ 'a.asm': '' });
    assert.deepEqual(s.run('nowhere.asm'), {
      code: 1,
      out: '',
      err: "hyperstep-asm: fatal: unable to open input file `nowhere.asm'\n",
    });
    for (const line of [
      '-f zork a.asm',
      '-q a.asm',
      '-o',
      '-t a.asm',
      '-O7k a.asm',
      '-F cv8 -f elf64 a.asm',
      '-F stabs -f bin a.asm',
      '-f win64 a.asm',
      '- a.asm',
      '--bogus a.asm',
    ])
      assert.equal(s.run(line).code, 1, line);
    assert.match(s.run('-v').out, /NASM version 2\.16\.01/);
    assert.match(s.run('-h').out, /Usage/);
    assert.throws(() => parseCommand(['a', 'b']), UsageError);
  });
});
