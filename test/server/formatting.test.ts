import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { formatDocument } from '../../server/src/features/formatting';
import { applied } from '../../server/src/testing';
import { guestSources, guestWorkspace, root } from './guests';

describe('formatting the guests', () => {
  const workspace = guestWorkspace();
  const after = new Map<string, string>();

  it('leaves nearly all of their lines alone: they are the model', function () {
    this.timeout(60_000);
    let lines = 0;
    const different: string[] = [];
    for (const path of guestSources()) {
      const before = readFileSync(path, 'utf8');
      const text = applied(before, formatDocument(workspace, path));
      after.set(path, text);
      const old = before.split('\n');
      lines += old.length;
      text.split('\n').forEach((line, i) => {
        if (line !== old[i]) different.push(`${relative(root, path)}:${i + 1}\n  ${old[i]}\n  ${line}`);
      });
    }
    console.log(`      ${different.length} of ${lines} lines would change`);
    if (process.env['HYPERSTEP_VERBOSE']) console.log(different.join('\n'));
    assert.ok(different.length < lines / 100, different.slice(0, 20).join('\n'));
  });

  it('changes no byte of any image, and a second time nothing at all', function () {
    this.timeout(60_000);
    const formatted = guestWorkspace(after);
    for (const path of guestSources()) {
      assert.deepEqual(formatDocument(formatted, path), [], path);
      const [a] = workspace.programsOf(path);
      const [b] = formatted.programsOf(path);
      assert.equal(Buffer.compare(a.result.image ?? Buffer.of(), b.result.image ?? Buffer.of()), 0, path);
    }
  });
});
