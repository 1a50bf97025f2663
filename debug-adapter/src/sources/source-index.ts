import { type LineEntry, pathKey, type SourceMap, type SymbolEntry } from '@hyperstep/assembler';
import type { ContextId } from '@hyperstep/engine';

/** Which contexts a program's map speaks about. */
export type ContextKind = 'host' | 'guest';

/** `host` or `guest`. */
export function kindOf(context: ContextId): ContextKind {
  return context === 'host' ? 'host' : 'guest';
}

/** One assembled program: its map is about the linear addresses of `kind`'s contexts. */
export interface Program {
  name: string;
  kind: ContextKind;
  map: SourceMap;
  image?: Uint8Array;
}

/** An address with its source. */
export interface Place {
  program: IndexedProgram;
  entry: LineEntry;
}

/** A line as a person sees it. */
export interface SourceLine {
  path: string;
  line: number;
}

/** Reads the bytes a context sees, to tell apart guests that have different programs at one address. */
export type ReadBytes = (context: ContextId, address: bigint, length: number) => Uint8Array;

/** A program with the tables that make its map quick to ask. */
export class IndexedProgram {
  private readonly starts: BigUint64Array;
  private readonly fileOfKey = new Map<string, number>();
  /** Labels at which something starts, by address; local labels too. */
  readonly labels: SymbolEntry[];
  /** Those at code that name a function: no local labels, nothing made by macros. */
  readonly functions: SymbolEntry[];
  /** The same for data. */
  private readonly objects: SymbolEntry[];
  private readonly byName = new Map<string, SymbolEntry>();
  /** Addresses of all labels, rising. */
  private readonly labelAddresses: BigUint64Array;

  constructor(readonly program: Program) {
    const { lines, symbols, files } = program.map;
    this.starts = BigUint64Array.from(lines, (entry) => entry.address);
    files.forEach((file, index) => {
      this.fileOfKey.set(pathKey(file), index);
    });
    this.labelAddresses = BigUint64Array.from(
      symbols.filter((symbol) => symbol.kind === 'label'),
      (symbol) => BigInt.asUintN(64, symbol.value),
    ).sort();
    this.labels = symbols
      .filter((symbol) => symbol.kind === 'label' && this.entryAt(symbol.value)?.address === symbol.value)
      .sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
    this.functions = this.labels.filter(
      (symbol) => !symbol.name.includes('.') && this.entryAt(symbol.value)?.code,
    );
    this.objects = this.labels.filter(
      (symbol) => !symbol.name.includes('.') && !this.entryAt(symbol.value)?.code,
    );
    for (const symbol of symbols) if (!this.byName.has(symbol.name)) this.byName.set(symbol.name, symbol);
  }

  /** The entry whose bytes contain the address. */
  entryAt(address: bigint): LineEntry | undefined {
    const entry = this.program.map.lines[this.indexAt(address)];
    return entry && address < entry.address + BigInt(entry.length) ? entry : undefined;
  }

  /** Index of the last entry that starts at or before the address, −1 if none. */
  indexAt(address: bigint): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The first label at or after an address. */
  nextLabel(address: bigint): bigint | undefined {
    let low = 0;
    let high = this.labelAddresses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.labelAddresses[middle] < address) low = middle + 1;
      else high = middle;
    }
    return this.labelAddresses[low];
  }

  fileIndex(path: string): number | undefined {
    return this.fileOfKey.get(pathKey(path));
  }

  /** The nearest function label at or before an address of this program's code. */
  functionAt(address: bigint): SymbolEntry | undefined {
    return this.entryAt(address)?.code ? this.nearest(this.functions, address) : undefined;
  }

  /** The function or the data that an address is part of. */
  around(address: bigint): SymbolEntry | undefined {
    const entry = this.entryAt(address);
    return entry && this.nearest(entry.code ? this.functions : this.objects, address);
  }

  /** The last of these at or before an address, in its section. */
  private nearest(symbols: SymbolEntry[], address: bigint): SymbolEntry | undefined {
    const symbol = lastAtOrBefore(symbols, address);
    if (!symbol) return undefined;
    const section = this.program.map.sections.find(
      ({ vstart, length }) => vstart <= address && address < vstart + BigInt(length),
    );
    return section && symbol.value < section.vstart ? undefined : symbol;
  }

  /** Exact name; a name that begins with `.` is looked up under `parent`. */
  symbol(name: string, parent?: string): SymbolEntry | undefined {
    return (
      (name.startsWith('.') && parent ? this.byName.get(parent + name) : undefined) ?? this.byName.get(name)
    );
  }

  /** A label exactly at the address, function names first. */
  labelAt(address: bigint): SymbolEntry | undefined {
    const plain = lastAtOrBefore(this.functions, address);
    if (plain?.value === address) return plain;
    const any = lastAtOrBefore(this.labels, address);
    return any?.value === address ? any : undefined;
  }

  symbolNames(): Iterable<string> {
    return this.byName.keys();
  }
}

function lastAtOrBefore(symbols: SymbolEntry[], address: bigint): SymbolEntry | undefined {
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (symbols[middle].value <= address) low = middle + 1;
    else high = middle;
  }
  return symbols[low - 1];
}

/** All programs of a launch: addresses of a context to source and back. */
export class SourceIndex {
  readonly programs: IndexedProgram[];

  constructor(
    programs: Program[],
    private readonly read: ReadBytes,
  ) {
    this.programs = programs.map((program) => new IndexedProgram(program));
  }

  /** The source behind an address, if any program is there. */
  find(context: ContextId, address: bigint): Place | undefined {
    const kind = kindOf(context);
    let found: Place | undefined;
    let ambiguous = false;
    for (const program of this.programs) {
      if (program.program.kind !== kind) continue;
      const entry = program.entryAt(address);
      if (!entry) continue;
      if (found) ambiguous = true;
      else found = { program, entry };
    }
    return ambiguous ? (this.byBytes(context, address, kind) ?? found) : found;
  }

  /** Several guests may have different programs at one address: the one whose bytes are there is meant. */
  private byBytes(context: ContextId, address: bigint, kind: ContextKind): Place | undefined {
    for (const program of this.programs) {
      if (program.program.kind !== kind) continue;
      const entry = program.entryAt(address);
      const image = program.program.image;
      if (!entry || !image || entry.fileOffset < 0) continue;
      const there = this.read(context, entry.address, entry.length);
      if (there.length === entry.length && there.every((byte, i) => byte === image[entry.fileOffset + i]))
        return { program, entry };
    }
    return undefined;
  }

  /** `name` or `name+0x10` of the function or data around an address. */
  describe(context: ContextId, address: bigint): string | undefined {
    const place = this.find(context, address);
    const symbol = place?.program.around(address);
    if (!symbol) return undefined;
    return symbol.value === address
      ? symbol.name
      : `${symbol.name}+0x${(address - symbol.value).toString(16)}`;
  }

  /** The first label at or after an address, of any program of the context's kind. */
  nextLabel(context: ContextId, address: bigint): bigint | undefined {
    const kind = kindOf(context);
    let best: bigint | undefined;
    for (const program of this.programs) {
      const label = program.program.kind === kind ? program.nextLabel(address) : undefined;
      if (label !== undefined && (best === undefined || label < best)) best = label;
    }
    return best;
  }

  /** A label exactly at an address. */
  labelAt(context: ContextId, address: bigint): string | undefined {
    return this.find(context, address)?.program.labelAt(address)?.name;
  }

  /** Every program's symbol of that name, those of the context's kind first; `.local` names under the function at `address`. */
  symbols(
    name: string,
    context: ContextId,
    address?: bigint,
  ): { program: IndexedProgram; symbol: SymbolEntry }[] {
    const kind = kindOf(context);
    const here = address === undefined ? undefined : this.find(context, address)?.program;
    const rank = (p: IndexedProgram) => (p === here ? 0 : p.program.kind === kind ? 1 : 2);
    return [...this.programs]
      .sort((a, b) => rank(a) - rank(b))
      .flatMap((program) => {
        const parent = address === undefined ? undefined : program.functionAt(address)?.name;
        const symbol = program.symbol(name, parent);
        return symbol ? [{ program, symbol }] : [];
      });
  }
}

/** The line a place is shown at: the outermost macro call. */
export function outerLine(place: Place): SourceLine {
  return { path: place.program.program.map.files[place.entry.file], line: place.entry.line };
}

/** The lines of a place, innermost first: inside macro bodies, then the outermost call. */
export function lineChain(place: Place): (SourceLine & { macro?: string })[] {
  const files = place.program.program.map.files;
  const inner = (place.entry.expansion ?? []).map((e) => ({
    path: files[e.file],
    line: e.line,
    macro: e.macro,
  }));
  return [...inner, outerLine(place)];
}

/** What makes two addresses "the same line": by the outermost line, or also by where in macro bodies they are. */
export function lineKey(place: Place | undefined, inner: boolean): string | undefined {
  if (!place) return undefined;
  const outer = `${place.program.program.name}:${place.entry.file}:${place.entry.line}`;
  if (!inner || !place.entry.expansion) return outer;
  return `${outer}/${place.entry.expansion.map((e) => `${e.file}:${e.line}`).join('/')}`;
}
