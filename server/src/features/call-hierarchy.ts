import { Kind } from '@hyperstep/assembler';
import {
  type CallHierarchyIncomingCall,
  type CallHierarchyItem,
  type CallHierarchyOutgoingCall,
  type Position,
  type Range,
  SymbolKind,
} from 'vscode-languageserver';
import { nameRange, pathOf, tokenRange, uriOf } from '../locations';
import type { Declaration } from '../syntax/declaration';
import type { Names } from '../syntax/names';
import { occurrences } from '../syntax/occurrences';
import type { Outline } from '../syntax/outline';
import { namesIn } from '../syntax/resolve';
import type { Workspace } from '../workspace/workspace';
import { namesAt, view } from './lookup';

const TRANSFERS = /^(call|j[a-z]+|loop[a-z]*)$/;

/** The label or macro under a position, as a node of the call graph. */
export function prepareCallHierarchy(
  workspace: Workspace,
  path: string,
  position: Position,
): CallHierarchyItem[] {
  const [seen] = namesAt(workspace, path, position);
  if (seen) {
    const found = seen.names.find(seen.name.key).find((d) => isCallable(d));
    if (found) return [item(seen.names, found)];
  }
  // Inside a body: the label it belongs to.
  const here = view(workspace, path);
  const index = here ? here.outline.search(position.line + 1) : -1;
  const owner = here && ownerOf(here.outline, index);
  return here && owner ? [item(here.names, owner)] : [];
}

function isCallable(d: Declaration): boolean {
  return d.kind === 'label' || d.kind === 'macro' || d.kind === 'local' || d.kind === 'extern';
}

function item(names: Names, d: Declaration): CallHierarchyItem {
  const outline = names.outline(d.path);
  const last = (outline?.lines[d.last]?.number ?? d.token.line) - 1;
  const selectionRange = tokenRange(d.token);
  return {
    name: d.name,
    kind: d.kind === 'macro' ? SymbolKind.Method : SymbolKind.Function,
    detail: d.path.slice(d.path.lastIndexOf('/') + 1),
    uri: uriOf(d.path),
    range: {
      start: { line: d.token.line - 1, character: 0 },
      end: {
        line: last,
        character: Math.max(outline?.document.line(last).length ?? 0, selectionRange.end.character),
      },
    },
    selectionRange,
    data: { key: d.key, path: d.path },
  };
}

/** The label or macro whose lines contain a token line. */
function ownerOf(outline: Outline, index: number): Declaration | undefined {
  const macro = outline.surroundings[index]?.macro;
  if (macro) return macro;
  let best: Declaration | undefined;
  for (const d of outline.declarations) {
    if (d.index > index) break;
    if (d.kind === 'label' && d.last >= index) best = d;
  }
  return best;
}

function dataOf(node: CallHierarchyItem): { key: string; path: string } {
  const data = node.data as { key?: string; path?: string } | undefined;
  return { key: data?.key ?? `g:${node.name}`, path: data?.path ?? pathOf(node.uri) };
}

/** Who calls or jumps to it; a macro's callers are those who use it. */
export function incomingCalls(workspace: Workspace, node: CallHierarchyItem): CallHierarchyIncomingCall[] {
  const { key, path } = dataOf(node);
  const calls = new Map<string, CallHierarchyIncomingCall>();
  for (const program of workspace.programsOf(path)) {
    const { names } = program;
    for (const place of occurrences(names, key)) {
      if (place.declares) continue;
      const outline = names.outline(place.path)!;
      const { head } = outline.shapes[place.index];
      if (!head || !(key.startsWith('m:') || TRANSFERS.test(head.lower))) continue;
      const owner = ownerOf(outline, place.index);
      if (!owner) continue;
      const id = `${owner.path}:${owner.key}`;
      const call = calls.get(id) ?? { from: item(names, owner), fromRanges: [] };
      const range = nameRange(place);
      if (!call.fromRanges.some((r) => equal(r, range))) call.fromRanges.push(range);
      calls.set(id, call);
    }
  }
  return [...calls.values()];
}

/** What it calls or jumps to, its own local labels apart. */
export function outgoingCalls(workspace: Workspace, node: CallHierarchyItem): CallHierarchyOutgoingCall[] {
  const { key, path } = dataOf(node);
  const seen = view(workspace, path);
  const owner = seen?.names.find(key).find((d) => d.path === path);
  const outline = seen?.outline;
  if (!seen || !owner || !outline) return [];
  const calls = new Map<string, CallHierarchyOutgoingCall>();
  for (let i = owner.index; i <= owner.last && i < outline.lines.length; i++) {
    const shape = outline.shapes[i];
    const calling =
      shape.kind === 'call' || (shape.kind === 'instruction' && TRANSFERS.test(shape.head!.lower));
    if (!calling) continue;
    outline.lines[i].tokens.forEach((token, at) => {
      if (token.kind !== Kind.Identifier || token === shape.label) return;
      if (shape.kind === 'call' && at !== shape.at) return;
      for (const name of namesIn(seen.names, outline, i, at)) {
        const target = seen.names
          .find(name.key)
          .find((d) => d.kind === 'label' || d.kind === 'macro' || d.kind === 'extern');
        if (!target) continue;
        const call = calls.get(name.key) ?? { to: item(seen.names, target), fromRanges: [] };
        call.fromRanges.push(nameRange(name));
        calls.set(name.key, call);
      }
    });
  }
  return [...calls.values()];
}

function equal(a: Range, b: Range): boolean {
  return a.start.line === b.start.line && a.start.character === b.start.character;
}
