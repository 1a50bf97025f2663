import { directoryOf, join, Kind } from '@hyperstep/assembler';
import type { Document } from '../text/document';
import { isSource } from './sources';

/** Folders and files looked at when searching for sources. */
const MAX_FILES = 5000;
const MAX_FOLDERS = 2000;
const SKIPPED = /^(node_modules|\.git|out|dist|build|\.vscode-test)\/$/;

/** What the graph needs to know of the files. */
export interface GraphHost {
  readonly roots: readonly string[];
  openPaths(): string[];
  document(path: string): Document | undefined;
  list(folder: string): string[];
  includePathsFor(main: string): string[];
  addLab(folder: string): void;
}

/** Which file includes which, over all sources below the open folders. */
export class IncludeGraph {
  private found: string[] | undefined;
  private edges: Map<string, string[]> | undefined;
  private epoch = '';

  constructor(private readonly workspace: GraphHost) {}

  /** A file came, went or changed. */
  forget(path: string): void {
    if (isSource(path) || path.endsWith('/lab.json')) this.clear();
  }

  clear(): void {
    this.found = undefined;
    this.edges = undefined;
  }

  /** All sources below the open folders; lab.json files on the way are made known. */
  sources(): string[] {
    if (this.found) return this.found;
    const found: string[] = [];
    const queue = [...this.workspace.roots];
    let folders = 0;
    while (queue.length > 0 && folders++ < MAX_FOLDERS && found.length < MAX_FILES) {
      const folder = queue.shift()!;
      for (const name of this.workspace.list(folder)) {
        if (name.endsWith('/')) {
          if (!SKIPPED.test(name) && !name.startsWith('.')) queue.push(join(folder, name.slice(0, -1)));
        } else if (isSource(name)) found.push(join(folder, name));
        else if (name === 'lab.json') this.workspace.addLab(folder);
      }
    }
    this.found = found;
    return found;
  }

  /** Main sources whose programs read `path`, nearest first: files that include it and are included by none. */
  mainsOf(path: string): string[] {
    const parents = this.parents();
    const mains: string[] = [];
    const seen = new Set([path]);
    const queue = [path];
    while (queue.length > 0) {
      const here = queue.shift()!;
      const above = (parents.get(here) ?? []).filter((p) => !seen.has(p));
      if (above.length === 0 && here !== path) mains.push(here);
      for (const p of above) {
        seen.add(p);
        queue.push(p);
      }
    }
    return mains;
  }

  /** For every file, the files that include it. Made again only when an include directive may have changed. */
  private parents(): Map<string, string[]> {
    const files = new Set([...this.sources(), ...this.workspace.openPaths()]);
    const epoch = this.workspace
      .openPaths()
      .map((path) => this.includesOf(path).join('|'))
      .join('\n');
    if (this.edges && epoch === this.epoch) return this.edges;
    this.epoch = epoch;
    this.edges = new Map();
    for (const file of files) {
      for (const target of this.targets(file)) {
        const list = this.edges.get(target);
        if (!list) this.edges.set(target, [file]);
        else if (!list.includes(file)) list.push(file);
      }
    }
    return this.edges;
  }

  private readonly written = new Map<string, { document: Document; revision: number; names: string[] }>();

  /** Paths as written in a file's `%include` lines. */
  private includesOf(file: string): string[] {
    const document = this.workspace.document(file);
    if (!document) return [];
    const known = this.written.get(file);
    if (known?.document === document && known.revision === document.directives) return known.names;
    const names: string[] = [];
    for (const line of document.source.lines) {
      if (line.directive !== 'include') continue;
      const name = line.tokens[1];
      if (name?.kind === Kind.String) names.push(name.text.slice(1, -1));
    }
    this.written.set(file, { document, revision: document.directives, names });
    return names;
  }

  private targets(file: string): string[] {
    const targets: string[] = [];
    for (const name of this.includesOf(file)) {
      for (const folder of [directoryOf(file), ...this.workspace.includePathsFor(file)]) {
        const path = join(folder, name);
        if (path === file || !this.workspace.document(path)) continue;
        targets.push(path);
        break;
      }
    }
    return targets;
  }
}
