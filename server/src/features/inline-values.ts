import { Kind } from '@hyperstep/assembler';
import type { InlineValue, Range } from 'vscode-languageserver';
import { nameRange, tokenRange } from '../locations';
import { namesIn } from '../syntax/resolve';
import type { Workspace } from '../workspace/workspace';
import { view } from './lookup';

/** Lines above the stop whose values are shown. */
const MAX_LINES = 30;
const GENERAL =
  /^(r(ax|bx|cx|dx|si|di|bp|sp|\d+[bwd]?)|e(ax|bx|cx|dx|si|di|bp|sp)|(ax|bx|cx|dx|si|di|bp|sp)|[abcd][lh]|(si|di|bp|sp)l|cr[0-8]|[cdefgs]s)$/;

/**
 * Registers in the lines up to where the debugger stands, each once a line and
 * at its last place only, so that the value now is not shown beside older code
 * of another function: nothing above the label counts.
 */
export function inlineValues(
  workspace: Workspace,
  path: string,
  range: Range,
  stopped: Range,
): InlineValue[] {
  const seen = view(workspace, path);
  if (!seen) return [];
  const { outline, names } = seen;
  const at = outline.search(stopped.start.line + 1);
  const label = outline.declarations.filter((d) => d.kind === 'label' && d.index <= at && d.last >= at).pop();
  const first = Math.max(label?.index ?? 0, at - MAX_LINES, 0);
  const known = new Set<string>();
  const values: InlineValue[] = [];
  for (let i = at; i >= first; i--) {
    const line = outline.lines[i];
    if (line.number - 1 < range.start.line || line.number - 1 > range.end.line) continue;
    const shape = outline.shapes[i];
    if (shape.kind !== 'instruction' && shape.kind !== 'call') continue;
    line.tokens.forEach((token, k) => {
      if (token.kind !== Kind.Identifier || k <= shape.at) return;
      const word = token.lower;
      if (GENERAL.test(word)) {
        if (known.has(word)) return;
        known.add(word);
        values.push({ range: tokenRange(token), expression: word });
        return;
      }
      // Variables in memory, on the line where the machine stands.
      if (i !== at || !line.tokens[k - 1]?.is('[') || !line.tokens[k + 1]?.is(']')) return;
      for (const name of namesIn(names, outline, i, k)) {
        const d = names.find(name.key)[0];
        if (d?.kind !== 'label') continue;
        values.push({ range: nameRange(name), expression: `[${name.name}]` });
      }
    });
  }
  return values;
}
