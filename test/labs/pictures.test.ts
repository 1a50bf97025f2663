import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { missingWorkbench, runInWorkbench } from '../vscode/workbench';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();
const WINDOW = { width: 1280, height: 840 };
const SIDE_BAR = 500;

/** Upper edges of the side bar's views in each picture, from the top. */
const EDGES: Record<string, [view: string, y: number][]> = {
  'stepped-into-vmm': [
    ['Call Stack', 190],
    ['Address Translation', 430],
    ['VM Exits', 610],
  ],
  'vm-exits': [
    ['Call Stack', 130],
    ['Address Translation', 340],
    ['VM Exits', 365],
  ],
  'address-translation': [['Address Translation', 200]],
};

/** What commands cannot do: the widths and heights of views, entries unfolded. */
async function arrange(page: Page, picture: string): Promise<void> {
  const sideBar = (await page.locator('.part.sidebar').boundingBox())!;
  await drag(page, sideBar.x + sideBar.width, 300, sideBar.x + SIDE_BAR, 300);
  for (const [view, y] of EDGES[picture] ?? []) {
    const header = (await page.locator(`.pane-header[aria-label^="${view}"]`).boundingBox())!;
    await drag(page, header.x + 200, header.y, header.x + 200, y);
  }
  const folded = page.locator(
    picture === 'vm-exits'
      ? '.pane:has(.pane-header[aria-label^="VM Exits"]) .monaco-list-row[aria-label*="EPT violation"] .collapsed'
      : '.pane:has(.pane-header[aria-label^="Address Translation"]) .monaco-tl-twistie.collapsed',
  );
  if (picture !== 'stepped-into-vmm') {
    for (let i = 0; i < 12 && (await folded.count()) > 0; i++) await folded.first().click();
  }
  await page.mouse.move(WINDOW.width - 200, WINDOW.height - 100);
  await page.waitForTimeout(500);
}

async function drag(page: Page, x: number, y: number, toX: number, toY: number): Promise<void> {
  await page.mouse.move(x, y);
  await page.waitForTimeout(400); // a sash shows itself after a moment
  await page.mouse.down();
  await page.mouse.move(toX, toY, { steps: 8 });
  await page.mouse.up();
}

// Takes the pictures of the documentation anew, into out/pictures:
//   HYPERSTEP_PICTURES=1 node scripts/test.mjs test/labs/pictures
// Look at them; test/labs/pictures/publish.sh puts them into docs/images.
if (process.env.HYPERSTEP_PICTURES) {
  describe('pictures of the documentation (VS Code server and Chromium)', () => {
    it('are taken', async function () {
      this.timeout(300_000);
      const missing = missingWorkbench(root);
      if (missing) {
        console.log(`      skipped: ${missing} is not installed`);
        this.skip();
      }
      const suite = join(root, 'out/pictures-suite');
      const script = `
        const { build } = await import(${JSON.stringify(`file://${join(root, 'scripts/build.mjs')}`)});
        const { bundle } = await import(${JSON.stringify(`file://${join(root, 'scripts/bundle.mjs')}`)});
        await build();
        await bundle({ index: 'test/labs/pictures/index.ts' }, ${JSON.stringify(suite)});`;
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, stdio: 'inherit' });
      const scratch = mkdtempSync(join(tmpdir(), 'hyperstep-pictures-'));
      cpSync(join(root, 'guests'), join(scratch, 'guests'), { recursive: true });
      const log: string[] = [];
      const code = await runInWorkbench({
        root,
        folder: join(scratch, 'guests'),
        suite: join(suite, 'index.js'),
        screenshots: join(root, 'out/pictures'),
        viewport: WINDOW,
        arrange,
        onLog: (text) => log.push(text),
      });
      rmSync(scratch, { recursive: true, force: true });
      assert.equal(code, 0, log.filter((line) => line.startsWith('[suite]')).join('\n'));
    });
  });
}
