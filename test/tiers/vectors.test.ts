import { Random } from '@hyperstep/engine/testing';
import { program } from './boot';
import { boot, lockStep } from './lockstep';
import { GROUPS, vectorProgram } from './vectors';

const SEEDS = Number(process.env.TIER_SEEDS ?? 1);

describe('tiers in lock-step on vector instructions', () => {
  for (const [name, { values, instructions }] of Object.entries(GROUPS)) {
    it(name, function () {
      this.timeout(600_000);
      for (let seed = 1; seed <= SEEDS; seed++) {
        for (const usual of [true, false]) {
          try {
            const { image } = program({ bits: 64, body: vectorProgram(instructions, values, seed, usual) });
            const reason = lockStep(boot(image), new Random(seed), 400_000, 30);
            if (!reason.includes('"exit"')) throw new Error(`ended by ${reason}`);
          } catch (error) {
            (error as Error).message =
              `seed ${seed}${usual ? '' : ', unusual MXCSR'}: ${(error as Error).message}`;
            throw error;
          }
        }
      }
    });
  }
});
