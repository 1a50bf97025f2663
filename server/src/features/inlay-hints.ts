import type { LineEntry } from '@hyperstep/assembler';
import { type InlayHint, InlayHintKind, type Range } from 'vscode-languageserver';
import type { Outline } from '../syntax/outline';
import type { Workspace } from '../workspace/workspace';
import { type View, view } from './lookup';

/** Bytes shown behind a line. */
const MAX_BYTES = 8;

/** Small notes in the text: address and bytes of lines, offsets of fields, sizes of expansions. Each kind has its setting. */
export function inlayHints(workspace: Workspace, path: string, range: Range): InlayHint[] {
  const seen = view(workspace, path);
  if (!seen) return [];
  const { inlayHints: wanted } = workspace.settings;
  if (!Object.values(wanted).some(Boolean)) return [];
  const { outline } = seen;
  const hints: InlayHint[] = [];
  const offsets = wanted.strucOffsets ? fieldOffsets(seen) : new Map<number, string>();
  const first = Math.max(0, outline.search(range.start.line + 1));
  const last = outline.search(range.end.line + 1);
  const every = wanted.addresses || wanted.bytes;
  const isCall = (i: number) => wanted.expansions && outline.shapes[i].kind === 'call';
  // The source map is looked at only where some line shows something of it.
  let made: Map<number, LineEntry[]> | undefined;
  const entriesOf = (line: number) => {
    made ??= seen.program.entriesIn(path, range.start.line + 1, range.end.line + 1);
    return made.get(line) ?? [];
  };
  for (let i = first; i <= last; i++) {
    const number = outline.lines[i].number - 1;
    if (number < range.start.line) continue;
    const entries = every || isCall(i) ? entriesOf(number + 1) : [];
    if (entries.length > 0 && every) {
      const label = machineCode(seen, entries, wanted.addresses, wanted.bytes);
      hints.push({
        position: { line: number, character: 0 },
        label,
        paddingRight: true,
        kind: InlayHintKind.Type,
      });
    }
    const offset = offsets.get(i);
    if (offset)
      hints.push({
        position: endOf(outline, i),
        label: offset,
        paddingLeft: true,
        kind: InlayHintKind.Parameter,
      });
    if (isCall(i) && entries.length > 1) {
      const bytes = entries.reduce((sum, e) => sum + e.length, 0);
      const code = entries.filter((e) => e.code).length;
      const what = code > 0 ? `${code} instruction${code === 1 ? '' : 's'}, ` : '';
      hints.push({
        position: endOf(outline, i),
        label: `${what}${bytes} byte${bytes === 1 ? '' : 's'}`,
        tooltip: 'What the macro call expands to',
        paddingLeft: true,
        kind: InlayHintKind.Parameter,
      });
    }
  }
  return hints;
}

/** Behind the last token: in front of the comment. */
function endOf(outline: Outline, index: number) {
  const { tokens } = outline.lines[index];
  const last = tokens[tokens.length - 1];
  return { line: last.line - 1, character: last.end - 1 };
}

function machineCode(
  { program }: View,
  entries: ReturnType<View['program']['entries']>,
  addresses: boolean,
  bytes: boolean,
): string {
  const parts: string[] = [];
  if (addresses) parts.push(entries[0].address.toString(16).toUpperCase().padStart(8, '0'));
  if (bytes) {
    const shown: string[] = [];
    let total = 0;
    for (const entry of entries) {
      total += entry.length;
      const data = shown.length < MAX_BYTES ? program.bytesOf(entry) : undefined;
      for (const byte of data?.subarray(0, MAX_BYTES - shown.length) ?? []) {
        shown.push(byte.toString(16).toUpperCase().padStart(2, '0'));
      }
    }
    const text = shown.length === 0 ? `(${total})` : shown.join(' ') + (total > shown.length ? '…' : '');
    // All the same width, so that the code behind stays aligned.
    parts.push(text.padEnd(MAX_BYTES * 3));
  }
  return parts.join('  ').replaceAll(' ', '\u00a0');
}

/** Offset of every field of this file's structures, by token line. */
function fieldOffsets({ program, outline }: View): Map<number, string> {
  const offsets = new Map<number, string>();
  const { strucs } = program.latest.map;
  for (const d of outline.declarations) {
    if (d.kind !== 'field') continue;
    const struc = strucs.find((s) => s.name === d.container);
    const own = d.name.slice(d.name.lastIndexOf('.') + 1);
    const field = struc?.fields.find((f) => f.name === own);
    if (field) offsets.set(d.index, `+0x${field.offset.toString(16).toUpperCase().padStart(2, '0')}`);
  }
  return offsets;
}
