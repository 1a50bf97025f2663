import { allSteps, isMnemonic, isName, isPrefixName, isRegisterName } from '@hyperstep/assembler';
import type { Position, Range, TextEdit, WorkspaceEdit } from 'vscode-languageserver';
import { nameRange, uriOf } from '../locations';
import { isLocal } from '../syntax/keys';
import { type Occurrence, occurrences } from '../syntax/occurrences';
import { isOperandWord, tokenAt } from '../syntax/resolve';
import { isDirective } from '../syntax/shape';
import type { Program } from '../workspace/program';
import type { Workspace } from '../workspace/workspace';
import { namesAt, view } from './lookup';

/** Why something cannot be renamed, in words for the user. */
export class Refusal extends Error {}

/** The range and present name of what would be renamed; throws a {@link Refusal} with the reason when nothing can be. */
export function prepareRename(
  workspace: Workspace,
  path: string,
  position: Position,
): { range: Range; placeholder: string } {
  const [seen] = namesAt(workspace, path, position);
  if (!seen) throw new Refusal(nothingHere(workspace, path, position));
  const { name, names } = seen;
  if (names.find(name.key).length === 0 && !/^[pa]:/.test(name.key)) {
    throw new Refusal(`${name.name} is not defined in a file of this program: it cannot be renamed`);
  }
  if (name.key.startsWith('p:')) {
    throw new Refusal('Parameters of macros are numbered and have no name that could be changed');
  }
  if (name.key.startsWith('s:')) throw new Refusal('The names of sections belong to the output format');
  const range = nameRange(name);
  const text = workspace.document(path)!.line(range.start.line);
  const written = text.slice(range.start.character, range.end.character);
  const trimmed = written.replace(/^(%%|%\$+|%\{?\$+|\$|\.(?!\.))/, '').replace(/\}$/, '');
  const start = range.start.character + written.indexOf(trimmed);
  return {
    range: {
      start: { ...range.start, character: start },
      end: { ...range.start, character: start + trimmed.length },
    },
    placeholder: trimmed,
  };
}

function nothingHere(workspace: Workspace, path: string, position: Position): string {
  const seen = view(workspace, path);
  const found = seen && tokenAt(seen.outline, position.line, position.character);
  const word = found?.token.text;
  if (word === undefined) return 'There is no name here';
  const lower = word.toLowerCase();
  if (isRegisterName(lower)) return `${word} is a register and cannot be renamed`;
  if (isDirective(lower) || word.startsWith('%')) return `${word} is a directive and cannot be renamed`;
  if (isMnemonic(lower) || isPrefixName(lower)) return `${word} is an instruction and cannot be renamed`;
  return `${word} is no name and cannot be renamed`;
}

/**
 * Renames everywhere: in all files of all programs that read this one. What
 * the programs assemble to may not change; where it would, the rename is
 * refused.
 */
export function rename(
  workspace: Workspace,
  path: string,
  position: Position,
  wanted: string,
): WorkspaceEdit {
  workspace.interrupt();
  return allSteps(renameInSteps(workspace, path, position, wanted));
}

/** The same in steps. */
export function* renameInSteps(
  workspace: Workspace,
  path: string,
  position: Position,
  wanted: string,
): Generator<void, WorkspaceEdit> {
  const { placeholder } = prepareRename(workspace, path, position);
  const views = namesAt(workspace, path, position);
  const { key } = views[0].name;
  const fresh = checkName(key, wanted);
  if (fresh === placeholder) return { changes: {} };
  const edits = new Map<string, TextEdit[]>();
  for (const { names, name } of views) {
    const taken = name.key.startsWith('c:')
      ? names.contexts.has(name.key, fresh)
      : names.find(newKey(name.key, fresh)).length > 0;
    collide(taken, fresh);
    for (const place of occurrences(names, name.key)) addEdit(workspace, edits, place, fresh);
  }
  yield* verify(
    views.map((v) => v.program),
    edits,
    fresh,
  );
  return { changes: Object.fromEntries([...edits].map(([file, list]) => [uriOf(file), list])) };
}

/** The new name without decoration; throws when it is none. */
function checkName(key: string, wanted: string): string {
  const bare = wanted.trim().replace(/^(%%|%\$+|\.(?!\.))/, '');
  if (!isName(bare))
    throw new Refusal(
      `"${wanted}" is not a name: letters, digits and _ . ? @ # $ ~ are allowed, and no digit first`,
    );
  const lower = bare.toLowerCase();
  const last = key.slice(key.lastIndexOf(':') + 1);
  const local = key.startsWith('g:') && (isLocal(last) || last.indexOf('.', 1) > 0);
  if (local || /^[lc]:/.test(key)) return bare;
  if (isRegisterName(lower)) throw new Refusal(`"${bare}" is a register`);
  if (isDirective(lower)) throw new Refusal(`"${bare}" is a directive`);
  if (isOperandWord(lower)) throw new Refusal(`"${bare}" is a word of the dialect`);
  if (isMnemonic(lower) || isPrefixName(lower)) throw new Refusal(`"${bare}" is an instruction`);
  if (bare.includes('.') && key.startsWith('g:'))
    throw new Refusal(`"${bare}": a name with a dot would be a local label`);
  return bare;
}

/** The key the renamed thing would have. */
function newKey(key: string, fresh: string): string {
  const cut = key.lastIndexOf(':') + 1;
  const name = key.slice(cut);
  const dot = name.lastIndexOf('.');
  return (
    key.slice(0, cut) + (dot > 0 || (dot === 0 && key.startsWith('g:')) ? name.slice(0, dot + 1) : '') + fresh
  );
}

function collide(taken: boolean, fresh: string): void {
  if (taken) throw new Refusal(`"${fresh}" already names something else`);
}

function addEdit(
  workspace: Workspace,
  edits: Map<string, TextEdit[]>,
  place: Occurrence,
  fresh: string,
): void {
  const range = nameRange(place);
  const text = workspace.document(place.path)!.line(range.start.line);
  const written = text.slice(range.start.character, range.end.character);
  const prefix = /^(%%|%\{?\$+|\$|\.(?!\.)|%\{)?/.exec(written)![0];
  const suffix = written.endsWith('}') ? '}' : '';
  const list = edits.get(place.path) ?? [];
  const exists = list.some(
    (e) => e.range.start.line === range.start.line && e.range.start.character === range.start.character,
  );
  if (!exists) list.push({ range, newText: prefix + fresh + suffix });
  edits.set(place.path, list);
}

/** Assembles the programs with the edits made: the bytes have to stay the same. */
function* verify(programs: Program[], edits: Map<string, TextEdit[]>, fresh: string): Generator<void, void> {
  for (const program of programs) {
    yield;
    yield* program.refresh(false);
    const before = program.latest;
    const after = yield* program.preview(edits);
    const worse = after.diagnostics.find(
      (d) =>
        d.severity === 'error' &&
        !before.diagnostics.some((b) => b.code === d.code && b.range.line === d.range.line),
    );
    const where = (d: { range: { file: string; line: number } }) =>
      `${d.range.file.slice(d.range.file.lastIndexOf('/') + 1)}:${d.range.line}`;
    if (worse) throw new Refusal(`"${fresh}" would break the program (${where(worse)}): ${worse.message}`);
    if (before.image && after.image && !equal(before.image, after.image)) {
      throw new Refusal(
        `Renaming to "${fresh}" would change what the program assembles to: a macro builds names or text from it`,
      );
    }
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
