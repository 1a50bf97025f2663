#!/usr/bin/env node
/** The program `hyperstep-asm`: NASM's command line. The only file of the package that knows Node. */
import { readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { encodeText } from '../text/encoding';
import { run } from './run';

// The program is over before much inlining pays: with V8's usual limit its compiler costs a third of the time.
setFlagsFromString('--max-inlined-bytecode-size-cumulative=150');

function writeAll(descriptor: number, content: string | Uint8Array): void {
  let rest = typeof content === 'string' ? encodeText(content) : content;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (problem) {
      // A full pipe of a slow reader; anything else means nobody listens any more.
      if ((problem as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    }
  }
}

function main(): number {
  try {
    return run(process.argv.slice(2), {
      read(path) {
        try {
          return readFileSync(path);
        } catch {
          return undefined;
        }
      },
      write(path, content) {
        try {
          writeFileSync(path, content);
          return true;
        } catch {
          return false;
        }
      },
      remove: (path) => {
        // Devices such as /dev/null stay.
        if (path.startsWith('/dev/')) return;
        try {
          rmSync(path, { force: true });
        } catch {
          // A folder, or not ours to remove.
        }
      },
      stdout: (content) => writeAll(1, content),
      stderr: (text) => writeAll(2, text),
      now: new Date(),
      folder: process.cwd(),
      environment: process.env,
    });
  } catch (problem) {
    writeAll(2, `hyperstep-asm: fatal: ${problem instanceof Error ? problem.message : String(problem)}\n`);
    return 1;
  }
}

process.exitCode = main();
