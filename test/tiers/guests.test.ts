import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble, assembleLab, type FileProvider } from '@hyperstep/assembler';
import { Random } from '@hyperstep/engine/testing';
import { boot, lockStep, TIERS } from './lockstep';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();

const disk: FileProvider = {
  read: (path) => {
    try {
      return readFileSync(path);
    } catch {
      return undefined;
    }
  },
};

describe('tiers in lock-step on our guests', () => {
  it('the hypercall lab: a VMM, a kernel and an application', function () {
    this.timeout(60_000);
    const lab = assembleLab(join(root, 'guests/labs/hypercall'), disk);
    assert.ok(lab.ok);
    const machines = boot(
      lab.image,
      TIERS.map((tier) => ({ ...tier, memoryMiB: lab.manifest.memory })),
    );
    assert.match(lockStep(machines, new Random(5), 10_000_000, 100), /"exit"/);
  });

  it("VMX's exits and refused entries", function () {
    this.timeout(60_000);
    const image = readFileSync(join(root, 'engine/src/virtualization/vmx/witness/witness.img'));
    const machines = boot(
      image,
      TIERS.map((tier) => ({ ...tier, memoryMiB: 16 })),
    );
    assert.match(lockStep(machines, new Random(8), 10_000_000, 100), /"exit"/);
  });

  it('the benchmark of ordinary code', function () {
    this.timeout(60_000);
    const main = join(root, 'bench/guests/evaluator.asm');
    const { image } = assemble({ main, files: disk });
    assert.match(lockStep(boot(image!), new Random(6), 1_000_000, 20), /"limit"/);
  });
});
