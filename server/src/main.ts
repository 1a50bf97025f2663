import { existsSync, readFileSync } from 'node:fs';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { startServer } from './server';

// The server's Node end: standard input/output or IPC as the client chose, files from the disk.
startServer(createConnection(ProposedFeatures.all), {
  read: (path) => {
    try {
      return existsSync(path) ? readFileSync(path) : undefined;
    } catch {
      return undefined; // a folder, or not ours to read: for the assembler there is no such file
    }
  },
});
