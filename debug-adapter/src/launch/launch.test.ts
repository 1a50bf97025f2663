import assert from 'node:assert/strict';
import { nearest } from '../checks/nearest';
import { parseLaunchConfig } from './config';
import { assembleTarget } from './programs';

const files = (texts: Record<string, string>) => ({
  read: (path: string) => (Object.hasOwn(texts, path) ? new TextEncoder().encode(texts[path]) : undefined),
});
const hooks = { cancelled: () => false, progress: () => {} };

describe('launch configuration', () => {
  it('has defaults', () => {
    const config = parseLaunchConfig({ program: '/x.asm', type: 'hyperstep', __sessionId: '1' });
    assert.equal(config.stopOnEntry, false);
    assert.equal(config.serial, 'console');
    assert.deepEqual(config.includePaths, []);
  });

  for (const [args, message] of [
    [{ program: '/x', memroy: 3 }, /unknown field "memroy"\. Did you mean "memory"\?/],
    [{ program: '/x', zzzzzz: 3 }, /unknown field "zzzzzz"\. Known fields: lab, program/],
    [{ program: '/x', memory: 0 }, /"memory" must be a whole number/],
    [{ program: '/x', lab: '/y' }, /exclude each other/],
    [{ program: '/x', defines: { A: {} } }, /"defines" must be an object/],
    [
      { program: 5, serial: 'tape' },
      /"program" must be a string.*"serial" must be one of "terminal", "console"/,
    ],
    [[], /must be an object/],
    [{}, /is missing/],
  ] as const)
    it(`refuses ${JSON.stringify(args)}`, () => assert.throws(() => parseLaunchConfig(args), message));

  it('turns defines into texts', () => {
    const config = parseLaunchConfig({ program: '/x', defines: { A: 1, B: true, C: 'x y' } });
    assert.deepEqual(config.defines, { A: '1', B: '', C: 'x y' });
  });

  it('finds near names', () => {
    assert.equal(nearest('stopOnEnrty', ['stopOnEntry', 'memory']), 'stopOnEntry');
    assert.equal(nearest('xyz', ['stopOnEntry', 'memory']), undefined);
  });
});

describe('assembling what is launched', () => {
  const config = (args: object) => parseLaunchConfig(args);

  it('makes one program of a source', () => {
    const made = assembleTarget(
      config({ program: '/a/x.asm' }),
      files({ '/a/x.asm': 'bits 32\nnop\n' }),
      hooks,
    );
    assert.deepEqual([...made.image!], [0x90]);
    assert.equal(made.programs[0].kind, 'host');
  });

  it('gives guests and the VMM of a lab their contexts', () => {
    const lab = {
      title: 't',
      memory: 8,
      programs: [
        { name: 'k', source: 'k.asm', output: 'k.bin', runs: 'guest' },
        { name: 'v', source: 'v.asm', output: 'v.img', runs: 'vmm' },
      ],
      boot: 'v.img',
    };
    const made = assembleTarget(
      config({ lab: '/lab' }),
      files({
        '/lab/lab.json': JSON.stringify(lab),
        '/lab/k.asm': 'hlt\n',
        '/lab/v.asm': 'incbin "k.bin"\n',
      }),
      hooks,
    );
    assert.deepEqual(made.errors, []);
    assert.deepEqual([...made.image!], [0xf4]);
    assert.deepEqual(
      made.programs.map(({ name, kind }) => `${name} ${kind}`),
      ['k guest', 'v host'],
    );
    assert.equal(made.memory, 8);
  });

  it('says what is wrong, with file and line', () => {
    const errors = (args: object, texts: Record<string, string>) =>
      assembleTarget(config(args), files(texts), hooks).errors.join('\n');
    assert.match(errors({ program: '/x.asm' }, { '/x.asm': 'nop\n mov eax, [\n' }), /^\/x\.asm:2: /);
    assert.match(errors({ program: '/x.asm' }, {}), /\/x\.asm: no such file/);
    assert.match(errors({ program: '/x.img' }, {}), /\/x\.img: no such file/);
    assert.match(errors({ lab: '/lab' }, { '/lab/lab.json': '{' }), /^\/lab\/lab\.json: /);
  });
});
