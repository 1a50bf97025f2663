import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { startServer } from './server';

// Assembling makes much short-lived garbage: with a larger young generation most of it is never copied.
setFlagsFromString('--max-semi-space-size=64');
setFlagsFromString('--min-semi-space-size=32');

// The server's Node end: standard input/output or IPC as the client chose, files from the disk.
startServer(createConnection(ProposedFeatures.all), {
  read: (path) => {
    try {
      return readFileSync(path);
    } catch {
      return undefined; // missing, a folder, or not ours to read: for the assembler there is no such file
    }
  },
  list: (folder) => {
    try {
      return readdirSync(folder, { withFileTypes: true }).map((e) =>
        e.isDirectory() ? `${e.name}/` : e.name,
      );
    } catch {
      return [];
    }
  },
});
