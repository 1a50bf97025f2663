import type { FileProvider } from '@hyperstep/assembler';

/** The files behind the editor. Node-free: main.ts gives the disk. */
export interface ServerFiles extends FileProvider {
  /** Names in a folder; folders end with `/`. Nothing where there is no such folder. */
  list?(folder: string): string[];
}
