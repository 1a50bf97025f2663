import type { FileProvider } from '../api';
import { directoryOf, isAbsolutePath, join, normalizePath } from '../paths';
import { readSource, type SourceFile } from '../text/source';

/** Files by the assembler's search rules, each read once. */
export class Files {
  /** Everything read or mapped, main first; the source map's list. */
  readonly paths: string[] = [];
  /** Files that were really read. */
  readonly dependencies: string[] = [];
  /** Lines of the sources read. */
  lines = 0;
  readonly #sources = new Map<string, SourceFile>();
  readonly #contents = new Map<string, Uint8Array | undefined>();

  constructor(
    readonly provider: FileProvider,
    readonly includePaths: readonly string[],
    /** Files whose tokens somebody keeps. */
    readonly kept: (path: string) => SourceFile | undefined = () => undefined,
    /** The name as it is and the include paths come before the including file's folder. */
    readonly workingFolderFirst = false,
  ) {}

  /** The path's position in the list. */
  index(path: string): number {
    const known = this.paths.indexOf(path);
    return known >= 0 ? known : this.paths.push(path) - 1;
  }

  #content(path: string): Uint8Array | undefined {
    if (!this.#contents.has(path)) {
      let content: Uint8Array | undefined;
      try {
        content = this.provider.read(path);
      } catch {
        // A provider that cannot read has no such file.
      }
      this.#contents.set(path, content);
      if (content) this.#depend(path);
    }
    return this.#contents.get(path);
  }

  #depend(path: string): void {
    if (!this.dependencies.includes(path)) this.dependencies.push(path);
  }

  /** Is there such a file? Not read where the provider can tell without. */
  #exists(path: string): boolean {
    if (!this.provider.exists || this.#contents.has(path)) return this.#content(path) !== undefined;
    try {
      if (!this.provider.exists(path)) return false;
    } catch {
      return false;
    }
    this.#depend(path);
    return true;
  }

  /** Finds `path` beside the file that asks, then in the include paths. */
  find(path: string, from: string): string | undefined {
    if (path === '') return undefined;
    if (isAbsolutePath(path)) {
      const whole = normalizePath(path);
      return this.#exists(whole) ? whole : undefined;
    }
    const folders = this.workingFolderFirst
      ? ['.', ...this.includePaths, directoryOf(from)]
      : [directoryOf(from), ...this.includePaths];
    for (const folder of folders) {
      const whole = join(folder, path);
      if (this.#exists(whole)) return whole;
    }
    return undefined;
  }

  /** The bytes of a file that {@link find} would find. */
  binary(path: string, from: string): Uint8Array | undefined {
    const found = this.find(path, from);
    return found === undefined ? undefined : this.#content(found);
  }

  /** A source file split into lines, or undefined when there is none. */
  source(path: string): SourceFile | undefined {
    const known = this.#sources.get(path);
    if (known) return known;
    const kept = this.#exists(path) ? this.kept(path) : undefined;
    const content = kept ? undefined : this.#content(path);
    const file = kept ?? (content && readSource(path, 0, content));
    if (!file) return undefined;
    file.index = this.index(path);
    this.#sources.set(path, file);
    this.lines += file.lines.length;
    return file;
  }
}
