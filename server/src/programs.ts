import { type AssembleResult, assemble, assembleLab, type FileProvider, readLab } from '@hyperstep/assembler';

/** How a file is understood: the program it belongs to, assembled. */
export interface Analysis {
  /** Absolute path of the program's main source. */
  main: string;
  result: AssembleResult;
}

/**
 * The programs that open files belong to. A file inside a lab is understood as
 * part of the lab's program that reads it; any other `.asm` as a program of its
 * own. Everything is computed on demand and forgotten on any change.
 */
export class Programs {
  private readonly labs = new Map<string, Analysis[]>();
  private readonly single = new Map<string, Analysis>();

  constructor(private readonly files: FileProvider) {}

  /** Some text has changed. */
  invalidate(): void {
    this.labs.clear();
    this.single.clear();
  }

  /** The program that `path` is part of; undefined when the file itself cannot be read. */
  of(path: string): Analysis | undefined {
    for (const lab of this.labFoldersFor(path)) {
      const owner = this.lab(lab).find(({ result }) => result.dependencies.includes(path));
      if (owner) return owner;
    }
    let analysis = this.single.get(path);
    if (!analysis) {
      if (!this.files.read(path)) return undefined;
      analysis = { main: path, result: assemble({ main: path, files: this.files }) };
      this.single.set(path, analysis);
    }
    return analysis;
  }

  private lab(folder: string): Analysis[] {
    let analyses = this.labs.get(folder);
    if (!analyses) {
      const { images } = assembleLab(folder, this.files);
      analyses = images.map(({ result }) => ({ main: result.dependencies[0], result }));
      this.labs.set(folder, analyses);
    }
    return analyses;
  }

  /** Labs known so far, and the one in whose folder (or above) the file is. */
  private labFoldersFor(path: string): string[] {
    const folders = new Set(this.known);
    for (let here = parent(path); here !== parent(here); here = parent(here)) {
      if (this.known.has(here)) continue;
      if (typeof readLab(here, this.files) !== 'string') {
        this.known.add(here);
        folders.add(here);
      }
    }
    return [...folders];
  }

  private readonly known = new Set<string>();

  /** Makes labs known whose programs may lie outside their folders (the VMM of a lab). */
  addLabs(folders: Iterable<string>): void {
    for (const folder of folders) this.known.add(folder);
    this.invalidate();
  }
}

function parent(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut <= 0 ? '/' : path.slice(0, cut);
}
