import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Machine } from '@hyperstep/engine';
import { bootUnderBochs, missingTools } from './bochs/boot';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();
const folder = join(root, 'test/system');

/** The image's serial output on the engine. */
function onTheEngine(image: Uint8Array): string {
  const machine = new Machine({ memoryMiB: 64 });
  let text = '';
  machine.serial.onTransmit = (byte) => {
    text += String.fromCharCode(byte);
  };
  assert.deepEqual(machine.loadMultiboot(image), {});
  const stop = machine.run({ limit: 50_000_000 });
  assert.deepEqual(stop, { kind: 'exit', code: 1 }, `${JSON.stringify(stop)} after:\n${text.slice(-2000)}`);
  return text;
}

// Segments, gates, tasks, privilege, paging and long mode, case by case: the
// engine says what Bochs says.
describe('system programming (test/system/system.asm)', () => {
  const nasm = spawnSync('which', ['nasm']).status === 0;
  const missing = missingTools();
  let dir: string;
  let image: string;
  let said: string;

  before(function () {
    if (!nasm) return this.skip();
    dir = mkdtempSync(join(tmpdir(), 'hyperstep-system-'));
    image = join(dir, 'system.img');
    const include = `${join(root, 'guests/include')}/`;
    const built = spawnSync(
      'nasm',
      ['-f', 'bin', '-I', include, '-I', `${folder}/`, '-o', image, 'system.asm'],
      { cwd: folder, encoding: 'utf8' },
    );
    assert.equal(built.stderr, '');
  });
  after(() => {
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  it(`the engine says what is recorded in expected.txt${nasm ? '' : ' (skipped: no nasm)'}`, () => {
    said = onTheEngine(readFileSync(image));
    assert.equal(said, readFileSync(join(folder, 'expected.txt'), 'latin1'));
  });

  it(`Bochs says the same${missing.length ? ` (skipped: no ${missing.join(', ')})` : ''}`, async function () {
    if (missing.length > 0) return this.skip();
    assert.equal(await bootUnderBochs(image), readFileSync(join(folder, 'expected.txt'), 'latin1'));
  });
});
