import { directoryOf, join } from '@hyperstep/assembler';
import { Contexts } from './contexts';
import type { Declaration } from './declaration';
import { caselessKey, defineKey, macroKey, rawContextKey, symbolKey } from './keys';
import type { Outline } from './outline';

const NOTHING: readonly Declaration[] = [];

/** The names of all files of a program, as they are at one moment. */
export class Names {
  private readonly byPath = new Map<string, Outline>();
  private readonly found = new Map<string, readonly Declaration[]>();

  constructor(readonly outlines: readonly Outline[]) {
    for (const outline of outlines) this.byPath.set(outline.document.path, outline);
  }

  outline(path: string): Outline | undefined {
    return this.byPath.get(path);
  }

  /** Everything that declares a key, in order of the files. */
  find(key: string): readonly Declaration[] {
    let list = this.found.get(key);
    if (list) return list;
    list = this.collect(key);
    this.found.set(key, list);
    return list;
  }

  private collect(key: string): readonly Declaration[] {
    const cut = key.lastIndexOf(':');
    // An outline does not know of which context a local is.
    if (key[0] === 'c' && cut > 1)
      return this.contexts.declaring(key, this.find(rawContextKey(key.slice(cut + 1))));
    let list = NOTHING;
    for (const outline of this.outlines) {
      const here = outline.byKey.get(key);
      if (here) list = list.length === 0 ? here : [...list, ...here];
    }
    return list;
  }

  private followed: Contexts | undefined;

  /** Which context every `%$name` belongs to. */
  get contexts(): Contexts {
    this.followed ??= new Contexts(this);
    return this.followed;
  }

  /** The file of the program that an `%include` of another one means, as far as its name tells. */
  included(from: Outline, written: string): Outline | undefined {
    const own = join(directoryOf(from.document.path), written);
    const name = `/${written.replace(/^(\.\.?\/)+/, '')}`;
    return this.byPath.get(own) ?? this.outlines.find((o) => o !== from && o.document.path.endsWith(name));
  }

  /** The single-line macros a word may stand for. */
  define(name: string): readonly Declaration[] {
    const exact = this.find(defineKey(name));
    return exact.length > 0 ? exact : this.find(caselessKey(name));
  }

  /** The multi-line macros a word may call. */
  macro(name: string): readonly Declaration[] {
    const all = this.find(macroKey(name));
    return all.length === 0 ? all : all.filter((d) => d.macro?.caseless || d.name === name);
  }

  /** Declarations of a symbol by its full name. */
  symbol(name: string): readonly Declaration[] {
    return this.find(symbolKey(name));
  }

  /** The structure whose size a name like `vm_size` is. */
  sizedStruc(name: string): Declaration | undefined {
    if (!name.endsWith('_size') || this.symbol(name).length > 0) return undefined;
    return this.symbol(name.slice(0, -'_size'.length)).find((d) => d.kind === 'struc');
  }

  /** All declarations. */
  *all(): Iterable<Declaration> {
    for (const outline of this.outlines) yield* outline.declarations;
  }
}
