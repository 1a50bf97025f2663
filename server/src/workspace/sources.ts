import { decodeText, directoryOf, join } from '@hyperstep/assembler';
import { uriOf } from '../locations';
import { Document } from '../text/document';
import type { ServerFiles } from './files';

/** Is the path a source of the dialect by its name? */
export function isSource(path: string): boolean {
  return /\.(asm|nasm|inc|s|mac)$/i.test(path);
}

/** All files the server knows, open in the editor or on the disk, and the work in steps that an edit ends. */
export class Sources {
  /** Folders open in the editor. */
  roots: string[] = [];
  /** Counts the files that came, went or changed on the disk. */
  fileEpoch = 0;
  protected readonly open = new Map<string, Document>();
  private readonly closed = new Map<string, Document | undefined>();
  private readonly stamps = new Map<string, number>();
  private readonly binaries = new Map<string, Uint8Array | undefined>();

  constructor(private readonly disk: ServerFiles) {}

  /** Counts the edits, so that long work notices that it was begun on another text. */
  edits = 0;

  /** A text is about to change. */
  edit(): void {
    this.edits++;
    this.interrupt();
  }

  /** Takes a text from the editor. */
  openDocument(document: Document): void {
    this.edit();
    this.open.set(document.path, document);
    this.closed.delete(document.path);
    this.touch(document.path);
  }

  closeDocument(path: string): void {
    this.edit();
    this.open.delete(path);
    this.forget(path);
  }

  /** A file on the disk came, went or changed. */
  forget(path: string): void {
    this.edit();
    this.fileEpoch++;
    this.closed.delete(path);
    this.binaries.delete(path);
    this.touch(path);
  }

  /** The text of an open document has changed. */
  touch(path: string): void {
    this.stamps.set(path, (this.stamps.get(path) ?? 0) + 1);
  }

  /** Changes whenever the content of a file may have changed. */
  stamp(path: string): number {
    return (this.stamps.get(path) ?? 0) * 1_000_003 + (this.open.get(path)?.revision ?? 0);
  }

  isOpen(path: string): boolean {
    return this.open.has(path);
  }

  openPaths(): string[] {
    return [...this.open.keys()];
  }

  /** A text file, open or not; undefined when there is none. */
  document(path: string): Document | undefined {
    const open = this.open.get(path);
    if (open) return open;
    if (this.closed.has(path)) return this.closed.get(path);
    const data = this.readDisk(path);
    const document = data && new Document(path, uriOf(path), decodeText(data));
    this.closed.set(path, document);
    return document;
  }

  /** The bytes of a file, of the editor's text where it is open. */
  read(path: string): Uint8Array | undefined {
    const open = this.open.get(path);
    if (open) return open.data;
    if (!this.binaries.has(path)) this.binaries.set(path, this.readDisk(path));
    return this.binaries.get(path);
  }

  /** Is there such a file? */
  exists(path: string): boolean {
    return this.open.has(path) || this.read(path) !== undefined;
  }

  private readDisk(path: string): Uint8Array | undefined {
    try {
      return this.disk.read(path);
    } catch {
      return undefined;
    }
  }

  /** Names in a folder. */
  list(folder: string): string[] {
    try {
      return this.disk.list?.(folder) ?? [];
    } catch {
      return [];
    }
  }

  /** Searches a file as the assembler does: beside the file that asks, then in the include paths. */
  find(name: string, from: string, includePaths: readonly string[]): string | undefined {
    for (const folder of [directoryOf(from), ...includePaths]) {
      const path = join(folder, name);
      if (this.exists(path)) return path;
    }
    return undefined;
  }

  // -- Work in steps

  private suspended: Generator<void, unknown> | undefined;

  /** Takes one step of some work; see {@link Background}. */
  step<T>(job: Generator<void, T>): IteratorResult<void, T> {
    this.suspended = undefined;
    const result = job.next();
    if (!result.done) this.suspended = job;
    return result;
  }

  /** Can the work go on where it is? */
  isSuspended(job: Generator<void, unknown>): boolean {
    return this.suspended === job;
  }

  /** Gives up the work in steps: the tokens it works with are about to change, or another assembly needs them. */
  interrupt(): void {
    const job = this.suspended;
    this.suspended = undefined;
    job?.return(undefined);
  }
}
