import type { LineEntry, SectionEntry, SourceMap, SymbolEntry } from '../api';
import type { Files } from './files';
import type { Layout } from './layout';
import { Section } from './section';

/** Labels a macro made up: `..@12.name`. */
const GENERATED = /^\.\.@\d+\./;

/** Writes down where everything is, after the last pass. */
export function makeMap(layout: Layout, files: Files): SourceMap {
  let lines: LineEntry[] | undefined;
  const symbols: SymbolEntry[] = [];
  for (const s of layout.symbols.table.values()) {
    if (GENERATED.test(s.name)) continue;
    const section = s.base instanceof Section ? s.base : undefined;
    symbols.push({
      name: s.name,
      value: section ? section.vstart + s.value : s.value,
      kind: s.kind,
      ...(section ? { section: section.name } : {}),
      file: Math.max(0, s.at.file.index),
      line: s.at.line,
      column: s.at.column,
    });
  }
  const sections: SectionEntry[] = [...layout.sections.values()].map((s) => ({
    name: s.name,
    vstart: s.vstart,
    start: s.start,
    fileOffset: s.nobits ? -1 : s.fileOffset,
    length: s.offset,
    nobits: s.nobits ?? false,
  }));
  return {
    version: 1,
    files: [...files.paths],
    // The largest part of a map; who only wants the diagnostics never asks for it.
    get lines() {
      lines ??= linesOf(layout);
      return lines;
    },
    symbols,
    strucs: layout.strucs.list,
    sections,
  };
}

/** Which bytes came from which line, by address. */
function linesOf(layout: Layout): LineEntry[] {
  const lines = layout.records.list.map((r) => ({
    address: r.section.vstart + BigInt(r.offset),
    length: r.length,
    fileOffset: r.section.nobits ? -1 : r.section.fileOffset + r.offset,
    file: r.file,
    line: r.line,
    code: r.code,
    bits: r.bits,
    ...(r.expansion ? { expansion: r.expansion } : {}),
  }));
  lines.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  return lines;
}
