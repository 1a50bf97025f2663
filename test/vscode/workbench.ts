import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

/** Where `scripts/vscode-server.mjs` puts VS Code. */
const SERVER = '.vscode-server/4.100.3/out/server-main.js';
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Name of what is missing to run VS Code here, or undefined. */
export function missingWorkbench(root: string): string | undefined {
  if (!existsSync(join(root, SERVER))) return 'the VS Code server (node scripts/vscode-server.mjs)';
  if (!BROWSERS.some(existsSync)) return 'Chromium';
  return undefined;
}

export interface WorkbenchOptions {
  /** Root of the repository, which is the extension. */
  root: string;
  /** Folder to open. */
  folder: string;
  /** Folder whose index.js exports `run()`, run in the extension host. */
  suite: string;
  /** Screenshots that the suite asks for go here. */
  screenshots: string;
  /** Size of the window; 1600 × 1200 unless given. */
  viewport?: { width: number; height: number };
  /** Called before a picture is taken, for what only a mouse can do. */
  arrange?: (page: Page, picture: string) => Promise<void>;
  /** Called at each picture with the notifications that pop up in it. */
  onNotifications?: (texts: string[], picture: string) => void;
  /** What the suite prints. */
  onLog: (text: string) => void;
}

/**
 * Runs a mocha suite in the extension host of a real VS Code, shown in a
 * headless browser. Answers the suite's exit code.
 */
export async function runInWorkbench(options: WorkbenchOptions): Promise<number> {
  const data = mkdtempSync(join(tmpdir(), 'hyperstep-vscode-'));
  rmSync(options.screenshots, { recursive: true, force: true });
  mkdirSync(options.screenshots, { recursive: true });
  const port = await freePort();
  const server = startServer(options, data, port);
  const browser = await chromium.launch({
    executablePath: BROWSERS.find(existsSync),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    await listening(server, port);
    const page = await browser.newPage({ viewport: options.viewport ?? { width: 1600, height: 1200 } });
    const done = new Promise<number>((resolve) => {
      void page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) =>
        options.onLog(args.join(' ')),
      );
      void page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
    });
    const remote = `vscode-remote://127.0.0.1:${port}`;
    const payload = JSON.stringify([
      ['extensionDevelopmentPath', `${remote}${options.root}`],
      ['extensionTestsPath', `${remote}${options.suite}`],
    ]);
    await page.goto(
      `http://127.0.0.1:${port}/?folder=${options.folder}&payload=${encodeURIComponent(payload)}`,
    );
    const camera = setInterval(() => void takeRequested(page, options), 100);
    const code = await Promise.race([done, exitOf(server)]);
    clearInterval(camera);
    return code;
  } finally {
    await browser.close();
    server.kill();
    rmSync(data, { recursive: true, force: true });
  }
}

function startServer(options: WorkbenchOptions, data: string, port: number): ChildProcess {
  const server = spawn(
    process.execPath,
    [
      join(options.root, SERVER),
      '--host=127.0.0.1',
      `--port=${port}`,
      '--without-connection-token',
      '--accept-server-license-terms',
      '--enable-smoke-test-driver',
      '--disable-telemetry',
      '--disable-workspace-trust',
      `--user-data-dir=${data}/data`,
      `--server-data-dir=${data}/server`,
      `--extensions-dir=${data}/extensions`,
    ],
    { env: { ...process.env, HYPERSTEP_SCREENSHOTS: options.screenshots, HYPERSTEP_ROOT: options.root } },
  );
  server.stderr?.on('data', (d: Buffer) => {
    if (process.env['HYPERSTEP_VERBOSE']) options.onLog(d.toString());
  });
  return server;
}

/** The suite asks by creating `NAME.wanted`; the picture appears as `NAME.png`. */
async function takeRequested(page: Page, options: WorkbenchOptions): Promise<void> {
  const { screenshots: folder, arrange, onNotifications } = options;
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.wanted')) continue;
    rmSync(join(folder, file), { force: true });
    const picture = file.slice(0, -'.wanted'.length);
    await arrange?.(page, picture).catch(() => {});
    const shown = page.locator('.notifications-toasts .notification-list-item-message');
    onNotifications?.(await shown.allTextContents().catch(() => []), picture);
    await page.screenshot({ path: join(folder, `${picture}.png`) }).catch(() => {});
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

async function listening(server: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    if (server.exitCode !== null) throw new Error(`the VS Code server ended with ${server.exitCode}`);
    try {
      await fetch(`http://127.0.0.1:${port}/version`);
      return;
    } catch {
      await new Promise((r) => setTimeout(r, 200));
    }
  }
  throw new Error('the VS Code server does not answer');
}

function exitOf(server: ChildProcess): Promise<number> {
  return new Promise((resolve) => server.on('exit', (code) => resolve(code ?? 1)));
}
