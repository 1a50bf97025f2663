import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootUnderBochs, missingTools } from './bochs/boot';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();
const folder = join(root, 'engine/src/virtualization/vmx/witness');

// The engine's unit test compares with the record; this says that the record is Bochs's word.
describe('the record of VMX exits (engine/src/virtualization/vmx/witness)', () => {
  const missing = missingTools();
  const without = missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : '';
  it(`is what Bochs prints${without}`, async function () {
    if (missing.length > 0) return this.skip();
    const said = await bootUnderBochs(join(folder, 'witness.img'));
    assert.equal(said, readFileSync(join(folder, 'witness.txt'), 'latin1'));
  });
});
