import assert from 'node:assert/strict';
import { join } from 'node:path';
import { root } from '../server/guests';
import { attempt } from './campaign';
import { snippets, sourcesBelow } from './mutate';

// `npm run fuzz` tries more of them; HYPERSTEP_SEED others.
const INPUTS = Number(process.env['HYPERSTEP_FUZZ'] ?? 600);
const SEED = Number(process.env['HYPERSTEP_SEED'] ?? 1);

describe('no source text ends the assembler or the language server', () => {
  it(`${INPUTS} mutants and programs of a grammar`, function () {
    this.timeout(0);
    const sources = [...sourcesBelow(join(root, 'guests')), ...snippets(join(root, 'assembler/golden'))];
    for (let index = 0; index < INPUTS; index++) {
      const finding = attempt(SEED, index, sources);
      // How long it took is for the fuzz run on a quiet machine.
      if (finding?.kind === 'exception') assert.fail(`input ${index}: ${finding.message}\n${finding.source}`);
    }
  });
});
