import { readFileSync, statSync } from 'node:fs';
import type { FileProvider } from '@hyperstep/assembler';

/** Files larger than this are no source and no image for this machine. */
const MAX_BYTES = 256 << 20;

/** The disk. */
export const nodeFiles: FileProvider = {
  read(path) {
    try {
      const stat = statSync(path);
      return stat.isFile() && stat.size <= MAX_BYTES ? new Uint8Array(readFileSync(path)) : undefined;
    } catch {
      return undefined;
    }
  },
};
