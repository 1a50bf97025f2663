import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const table = (path: string) => JSON.parse(read(path)) as Record<string, string>;

/** Every text that the client hands to `vscode.l10n.t`, with its file. */
function texts(): { text: string; file: string }[] {
  const files = readdirSync(join(root, 'client/src'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...read(join('client/src', file)).matchAll(/\bl10n\.t\(\s*(?:'((?:[^'\\]|\\.)*)'|([^)]*))/g)].map(
        ([, text, other]) => {
          assert.ok(text !== undefined, `${file}: l10n.t takes a text in single quotes, not ${other}`);
          return { text: text.replace(/\\(.)/g, '$1'), file };
        },
      ),
    );
}

const placeholders = (text: string) => [...new Set(text.match(/\{\d+\}/g))].sort();

describe('localization', () => {
  for (const name of readdirSync(join(root, 'l10n'))) {
    it(`l10n/${name} has every text of the client, and no other`, () => {
      const bundle = table(join('l10n', name));
      const used = texts();
      const missing = used.filter(({ text }) => !bundle[text]).map(({ text, file }) => `${file}: ${text}`);
      assert.deepEqual(missing, []);
      const wanted = new Set(used.map(({ text }) => text));
      assert.deepEqual(
        Object.keys(bundle).filter((text) => !wanted.has(text)),
        [],
        'texts that nobody uses any more',
      );
      for (const [text, translation] of Object.entries(bundle))
        assert.deepEqual(placeholders(translation), placeholders(text), text);
    });
  }

  const keys = [...new Set(read('package.json').match(/"%[\w.]+%"/g))].map((key) => key.slice(2, -2)).sort();
  for (const name of readdirSync(root).filter((file) => /^package\.nls\..*json$/.test(file))) {
    it(`${name} has every key of package.json, and no other`, () => {
      assert.deepEqual(Object.keys(table(name)).sort(), keys);
      assert.ok(Object.values(table(name)).every((text) => text !== ''));
    });
  }

  it('there is Chinese beside English', () => {
    assert.deepEqual(readdirSync(join(root, 'l10n')).sort(), ['bundle.l10n.json', 'bundle.l10n.zh-cn.json']);
    assert.ok(readdirSync(root).includes('package.nls.zh-cn.json'));
    assert.equal(table('package.json')['l10n'], './l10n');
  });
});
