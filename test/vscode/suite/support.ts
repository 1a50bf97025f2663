import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';

/** The folder opened in the workbench: `guests/`. */
export const guests = vscode.workspace.workspaceFolders![0].uri;

/** A file below `guests/`. */
export function guestFile(path: string): vscode.Uri {
  return vscode.Uri.joinPath(guests, path);
}

/** Waits until `probe` gives something, at most `ms`. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Thenable<T | undefined | false>,
  ms = 20_000,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value as T;
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

/** Asks the runner outside for a picture of the workbench, where there is one. */
export async function screenshot(name: string): Promise<void> {
  const folder = process.env['HYPERSTEP_SCREENSHOTS'];
  if (!folder) return;
  await new Promise((r) => setTimeout(r, 700)); // let the workbench draw
  writeFileSync(join(folder, `${name}.wanted`), '');
  await eventually(`screenshot ${name}`, () => existsSync(join(folder, `${name}.png`)));
}

/** Line (from 0) of the first line of a document that matches. */
export function lineOf(document: vscode.TextDocument, pattern: RegExp): number {
  for (let line = 0; line < document.lineCount; line++)
    if (pattern.test(document.lineAt(line).text)) return line;
  throw new Error(`${document.fileName}: no line matches ${pattern}`);
}
