import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingWorkbench, runInWorkbench } from './workbench';

const root = process.env['HYPERSTEP_ROOT'] ?? process.cwd();

describe('real VS Code (VS Code server and Chromium)', () => {
  it('runs the end-to-end suite', async function () {
    this.timeout(300_000);
    const missing = missingWorkbench(root);
    if (missing) {
      if (process.env['HYPERSTEP_WITNESSES'] === 'required') assert.fail(`${missing} is missing`);
      console.log(`      skipped: ${missing} is not installed`);
      this.skip();
    }
    const suite = join(root, 'out/vscode-suite');
    // esbuild's own script, run apart: this file is itself a bundle.
    execFileSync(process.execPath, ['scripts/build-vscode-suite.mjs', suite], {
      cwd: root,
      stdio: 'inherit',
    });
    // A copy: the browser's workbench saves edits by itself.
    const folder = mkdtempSync(join(tmpdir(), 'hyperstep-guests-'));
    cpSync(join(root, 'guests'), folder, { recursive: true });
    const log: string[] = [];
    const notifications: string[] = [];
    const code = await runInWorkbench({
      root,
      folder,
      suite: join(suite, 'index.js'),
      screenshots: join(root, 'out/screenshots'),
      onNotifications: (texts, picture) => notifications.push(...texts.map((text) => `${picture}: ${text}`)),
      onLog: (text) => log.push(text),
    });
    rmSync(folder, { recursive: true, force: true });
    const report = log.filter((line) => line.startsWith('[suite]')).map((line) => `      ${line.slice(8)}`);
    console.log(report.join('\n'));
    if (code !== 0) console.log(log.slice(-60).join('\n'));
    assert.equal(code, 0, 'the suite in VS Code failed');
    assert.deepEqual(notifications, [], 'nothing here deserves a pop-up');
  });
});
