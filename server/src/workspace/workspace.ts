import { type AssembleResult, directoryOf, join, labIncludePaths, readLab } from '@hyperstep/assembler';
import { MacroTable, macroEntries } from '../syntax/macro-table';
import { Outline } from '../syntax/outline';
import type { Document } from '../text/document';
import { type GraphHost, IncludeGraph } from './graph';
import { Program, type ProgramHost, type Recipe } from './program';
import { DEFAULTS, type Settings } from './settings';
import { Sources } from './sources';

/**
 * All files the server knows and the programs they belong to. A file inside a lab is understood as part of the
 * lab's programs that read it; any other as part of the program whose main
 * source includes it; failing that, as a program of its own.
 */
export class Workspace extends Sources implements ProgramHost, GraphHost {
  settings: Settings = DEFAULTS;
  private readonly labs = new Set<string>();
  private readonly programs = new Map<string, Program>();
  private readonly outlines = new Map<string, { epoch: number; outline: Outline }[]>();
  private readonly macros = new Map<string, { document: Document; revision: number; names: string[] }>();
  private readonly alone = new Map<string, Outline>();
  private readonly outputs = new Map<string, Overlay>();
  private readonly graph = new IncludeGraph(this);
  private epochs = 0;

  override forget(path: string): void {
    super.forget(path);
    this.graph.forget(path);
    if (path.endsWith('/lab.json')) {
      this.addLab(directoryOf(path));
      this.programs.clear();
    }
  }

  // -- Programs

  /** Makes labs known whose programs may lie outside their folders. */
  addLab(folder: string): void {
    this.labs.add(folder);
  }

  /** Labs known, including those above `path`. */
  labsFor(path: string): string[] {
    for (let here = directoryOf(path); here !== directoryOf(here); here = directoryOf(here)) {
      if (!this.labs.has(here) && typeof readLab(here, this) !== 'string') this.labs.add(here);
    }
    return [...this.labs];
  }

  /** Settings or files that decide how programs are put together have changed. */
  reset(): void {
    this.interrupt();
    this.programs.clear();
    this.graph.clear();
    this.fileEpoch++;
  }

  /** All programs that read a file, the one to be shown first; empty only when the file cannot be read. */
  programsOf(path: string): Program[] {
    const found: Program[] = [];
    for (const lab of this.labsFor(path)) {
      found.push(...this.labPrograms(lab).filter((program) => program.has(path)));
    }
    if (found.length > 0) {
      found.sort((a, b) => distance(a.main, path) - distance(b.main, path));
      return found;
    }
    if (!this.document(path)) return [];
    for (const main of this.graph.mainsOf(path)) {
      const program = this.single(main);
      if (program.has(path)) found.push(program);
    }
    return found.length > 0 ? found : [this.single(path)];
  }

  /** The program a file is shown as part of. */
  programOf(path: string): Program | undefined {
    return this.programsOf(path)[0];
  }

  /** Brings the programs that may read a file up to date, in steps; drafts of large ones will do if `draft`. */
  *refresh(path: string, draft: boolean): Generator<void, void> {
    let found = false;
    for (const lab of this.labsFor(path)) {
      // Assembled in order: later programs include the images of earlier ones.
      for (const { program, output, overlay } of this.labParts(lab)) {
        yield* program.refresh(draft);
        putOutput(overlay, output, program.latest.image);
        found ||= program.has(path);
      }
    }
    if (found || !this.document(path)) return;
    for (const main of this.graph.mainsOf(path)) {
      const program = this.single(main);
      yield* program.refresh(draft);
      found ||= program.has(path);
    }
    if (!found) yield* this.single(path).refresh(draft);
  }

  /** Has some program that may read the file never been assembled? */
  isNew(path: string): boolean {
    const parts = this.labsFor(path).flatMap((lab) => this.labParts(lab));
    if (parts.some(({ program }) => !program.assembled)) return true;
    if (parts.some(({ program }) => program.has(path)) || !this.document(path)) return false;
    const mains = this.graph.mainsOf(path).map((main) => this.single(main));
    if (mains.some((program) => !program.assembled)) return true;
    return !mains.some((program) => program.has(path)) && !this.single(path).assembled;
  }

  /** The programs of a lab, in its order. */
  labPrograms(folder: string): Program[] {
    return this.labParts(folder).map(({ program, output, overlay }) => {
      putOutput(overlay, output, program.current.image);
      return program;
    });
  }

  private labParts(folder: string): { program: Program; output: string; overlay: Overlay }[] {
    const manifest = readLab(folder, this);
    if (typeof manifest === 'string') return [];
    const overlay: Overlay = this.outputs.get(folder) ?? new Map();
    this.outputs.set(folder, overlay);
    return manifest.programs.map((p) => {
      const main = join(folder, p.source);
      const program = this.program(`${folder}\0${p.name}\0${main}`, () => ({
        main,
        includePaths: labIncludePaths(folder, p, this.settings.includePaths),
        overlay,
        lab: folder,
        name: p.name,
      }));
      return { program, output: join(folder, p.output), overlay };
    });
  }

  /** Is the assembly of some program only a draft? */
  isDrafted(): boolean {
    return [...this.programs.values()].some((program) => program.drafted);
  }

  private single(main: string): Program {
    return this.program(main, () => ({ main, includePaths: this.includePathsFor(main) }));
  }

  private program(id: string, recipe: () => Recipe): Program {
    let program = this.programs.get(id);
    if (!program) {
      program = new Program(this, recipe());
      this.programs.set(id, program);
    }
    return program;
  }

  /** Where a program outside labs looks for includes: folders named `include` above it, and the settings'. */
  includePathsFor(main: string): string[] {
    const paths: string[] = [directoryOf(main)];
    for (let here = directoryOf(main); ; here = directoryOf(here)) {
      paths.push(join(here, 'include'));
      if (here === directoryOf(here)) break;
    }
    return [...paths, ...this.settings.includePaths];
  }

  /** Told of every assembly; tests and measurements may listen. */
  assembled: (recipe: Recipe, result: AssembleResult) => void = () => {};

  /** All sources: open ones, those below the open folders, and those of the labs. */
  allSources(): string[] {
    const all = new Set([...this.open.keys(), ...this.graph.sources()]);
    for (const lab of this.labs) {
      for (const { program } of this.labParts(lab)) {
        all.add(program.main);
        if (program.assembled) for (const file of program.files) all.add(file);
      }
    }
    return [...all].filter((path) => !path.startsWith('<'));
  }

  /** What a file declares as far as it can be known without assembling: with the macros of its program, or its own. */
  lookAt(path: string): Outline | undefined {
    if (!this.isNew(path)) return this.programOf(path)?.names.outline(path);
    const document = this.document(path);
    if (!document) return undefined;
    const known = this.alone.get(path);
    if (known?.document === document && known.revision === document.revision) return known;
    const outline = new Outline(document, new MacroTable(this.macroNames(path)), this.nextEpoch());
    this.alone.set(path, outline);
    return outline;
  }

  // -- Outlines

  nextEpoch(): number {
    return ++this.epochs;
  }

  /** What a file declares, given the macros of its program. */
  outline(path: string, macros: MacroTable, epoch: number): Outline | undefined {
    const document = this.document(path);
    if (!document) return undefined;
    const known = this.outlines.get(path) ?? [];
    const found = known.find((k) => k.epoch === epoch && k.outline.document === document);
    if (found && (found.outline.revision === document.revision || found.outline.follow()))
      return found.outline;
    const outline = new Outline(document, macros, epoch);
    // A file of two programs is seen with the macros of either.
    const kept = known.filter((k) => k !== found && k.outline.document === document).slice(-3);
    this.outlines.set(path, [...kept, { epoch, outline }]);
    return outline;
  }

  /** Macros a file defines; see {@link macroEntries}. */
  macroNames(path: string): readonly string[] {
    const document = this.document(path);
    if (!document) return [];
    const known = this.macros.get(path);
    if (known?.document === document && known.revision === document.directives) return known.names;
    const list = macroEntries(document.source.lines);
    this.macros.set(path, { document, revision: document.directives, names: list });
    return list;
  }
}

/** Images of programs, by path. */
type Overlay = Map<string, { data: Uint8Array; revision: number }>;

/** Keeps the image of a program, if there is a new one. */
function putOutput(overlay: Overlay, path: string, image: Uint8Array | undefined): void {
  const known = overlay.get(path);
  if (image && !(known && same(known.data, image)))
    overlay.set(path, { data: image, revision: (known?.revision ?? 0) + 1 });
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** How far two paths are apart in the tree of folders. */
function distance(a: string, b: string): number {
  const x = a.split('/');
  const y = b.split('/');
  let common = 0;
  while (common < x.length && x[common] === y[common]) common++;
  return x.length + y.length - 2 * common;
}
