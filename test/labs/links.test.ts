import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();
const labs = join(root, 'docs/labs');

/** The anchor that GitHub and VS Code make of a heading. */
const anchor = (heading: string) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

const anchors = (path: string) =>
  [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading));

describe('guides of the labs', () => {
  for (const name of readdirSync(labs).filter((file) => file.endsWith('.md'))) {
    it(`${name}: links and pictures are there`, () => {
      const path = join(labs, name);
      const broken = [...readFileSync(path, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target)
        .filter((target) => !/^https?:/.test(target))
        .filter((target) => {
          const [file, fragment] = target.split('#');
          const there = file === '' ? path : resolve(dirname(path), file);
          if (!existsSync(there)) return true;
          return fragment !== undefined && !anchors(there).includes(decodeURIComponent(fragment));
        });
      assert.deepEqual(broken, []);
    });
  }
});
