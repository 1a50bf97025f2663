// Puts a real VS Code under .vscode-server/: the server of VS Code 1.100.3 as the
// npm package code-server ships it. For machines where VS Code itself cannot be
// downloaded; a desktop uses @vscode/test-electron (scripts/vscode-desktop.mjs).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bundle.mjs';

const VERSION = '4.100.3';
const home = join(root, '.vscode-server', VERSION);

if (existsSync(home)) {
  console.log(`VS Code server: ${home}`);
} else {
  const work = join(root, '.vscode-server', 'work');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  execFileSync('npm', ['pack', `code-server@${VERSION}`, '--silent'], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  execFileSync('tar', ['xzf', `code-server-${VERSION}.tgz`, 'package/lib/vscode'], { cwd: work });
  const unpacked = join(work, 'package/lib/vscode');
  execFileSync('npm', ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], {
    cwd: unpacked,
    stdio: 'inherit',
  });
  // VS Code searches with ripgrep, which its package downloads at install time; Debian's does.
  const ripgrep = join(unpacked, 'node_modules/@vscode/ripgrep/bin');
  if (existsSync('/usr/bin/rg')) {
    mkdirSync(ripgrep, { recursive: true });
    symlinkSync('/usr/bin/rg', join(ripgrep, 'rg'));
  }
  renameSync(unpacked, home);
  rmSync(work, { recursive: true, force: true });
  console.log(`VS Code server installed: ${home}`);
}
