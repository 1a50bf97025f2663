import { Kind, type SourceLine } from '@hyperstep/assembler';
import type { ContextStep } from './context-steps';
import type { Declaration } from './declaration';
import { contextKey } from './keys';
import { splitAtCommas } from './macros';
import type { Outline } from './outline';

/** What is looked at of a program. */
interface Text {
  readonly outlines: readonly Outline[];
  outline(path: string): Outline | undefined;
  macro(name: string): readonly Declaration[];
  included(from: Outline, written: string): Outline | undefined;
}

const LOCAL = /%\{?(\$+)([\w$#@~.?]+)/g;

/** A `%push` of the text: all contexts that it ever pushes count as one. */
interface Frame {
  /** The same as long as no `%push` above it in its file comes or goes. */
  id: string;
  /** Pushed by a macro, so that other macros may speak of it. */
  inMacro: boolean;
}

/** Contexts on top of each other. Equal ones are the same object. */
interface Stack {
  frame: Frame;
  /** In lower case. */
  name: string;
  below: Stack | undefined;
  key: string;
}

/** The stacks that there may be at a place; more than one in a macro's body and behind conditions. */
type State = readonly (Stack | undefined)[];

/** Where nothing tells what the context is: in macros that nobody calls, and where text is wrong. */
const UNKNOWN: Stack = { frame: { id: '?', inMacro: true }, name: '', below: undefined, key: '?' };

const MAX_STACKS = 12;
const MAX_DEPTH = 40;
/** Steps followed before all contexts count as one. */
const MAX_WORK = 200_000;

/**
 * Which context every `%$name` of a program belongs to (NASM manual 4.7).
 * Follows `%push`, `%pop` and `%repl` through includes, macro calls and both
 * sides of conditions, `%ifctx` by the name on top. Two places name the same
 * local when they do so in contexts of the same `%push`, or a third place
 * names it in those of either: a macro that is called in both.
 */
export class Contexts {
  private readonly stacks = new Map<string, Stack>();
  /** The stacks before and behind a line. */
  private readonly before = new Map<SourceLine, State>();
  private readonly behind = new Map<SourceLine, State>();
  /** Names that an `%ifctx` around a line asks for: what it is about where nothing else tells. */
  private readonly hints = new Map<SourceLine, readonly string[]>();
  private readonly bodies = new Map<object, { outline: Outline; from: number; to: number }>();
  private readonly known = new Map<string, State>();
  private readonly entered = new Set<object>();
  private readonly parents = new Map<string, string>();
  private work = 0;

  constructor(private readonly names: Text) {
    for (const outline of names.outlines) this.findBodies(outline);
    for (const outline of names.outlines) {
      if (!this.entered.has(outline)) this.include(outline, [undefined]);
    }
    for (const [macro, body] of this.bodies) {
      if (!this.entered.has(macro)) this.walk(body.outline, body.from, body.to, [UNKNOWN], true);
    }
    this.unite();
  }

  /** Identity of a local named on a line. */
  keyOf(line: SourceLine, text: string): string {
    const [, dollars, name] = /^%\{?(\$+)([^}]*)/.exec(text) ?? ['', '$', text];
    const [stack] = this.stateOf(line);
    return contextKey(this.find(`${frameAt(stack, dollars.length).id}:${name}`));
  }

  /** Those of some declarations that declare what the key names. */
  declaring(key: string, all: readonly Declaration[]): readonly Declaration[] {
    return all.filter((d) => {
      const line = this.names.outline(d.path)?.lines[d.index];
      return line !== undefined && this.keyOf(line, d.token.text) === key;
    });
  }

  /** Does a context of what the key names have a local of this name? */
  has(key: string, name: string): boolean {
    const root = key.slice(2);
    return [...this.parents.keys()].some(
      (node) =>
        this.find(node) === root && this.parents.has(`${node.slice(0, node.lastIndexOf(':'))}:${name}`),
    );
  }

  /** Locals of the context that so many `$` speak of, at a physical line (from 0). */
  localsAt(outline: Outline, line: number, dollars: number): string[] {
    const { contextSteps } = outline;
    let low = 0;
    let high = contextSteps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (contextSteps[middle].line.number <= line) low = middle + 1;
      else high = middle;
    }
    const state = low > 0 ? this.behind.get(contextSteps[low - 1].line) : undefined;
    const frames = new Set((state ?? [UNKNOWN]).map((stack) => frameAt(stack, dollars).id));
    const found = new Set<string>();
    for (const node of this.parents.keys()) {
      const cut = node.lastIndexOf(':');
      if (frames.has(node.slice(0, cut)) || frames.has('?')) found.add(node.slice(cut + 1));
    }
    return [...found];
  }

  // -- Following the text

  private findBodies(outline: Outline): void {
    const { contextSteps: steps } = outline;
    for (let i = 0; i < steps.length; i++) {
      if (!steps[i].what.endsWith('macro') || /^(end|exit)/.test(steps[i].what)) continue;
      const to = endOf(steps, i, /macro$/, /^endm(acro)?$/);
      this.bodies.set(steps[i].line.tokens[1] ?? steps[i], { outline, from: i + 1, to });
      i = to;
    }
  }

  private include(outline: Outline, state: State): State {
    return this.each(outline, outline.document.path, state, (one) =>
      this.walk(outline, 0, outline.contextSteps.length, one, false),
    );
  }

  /** What becomes of stacks in a macro or an included file; of each it is found out once. */
  private each(what: object, id: string, state: State, walk: (one: State) => State): State {
    this.entered.add(what);
    const after: (Stack | undefined)[] = [];
    for (const stack of state) {
      const key = `${id}\0${stack?.key ?? ''}`;
      let result = this.known.get(key);
      if (!result) {
        // Meanwhile, for what calls itself:
        this.known.set(key, [stack]);
        this.known.set(key, (result = walk([stack])));
      }
      after.push(...result);
    }
    return union(after);
  }

  private walk(outline: Outline, from: number, to: number, entry: State, inMacro: boolean): State {
    const { contextSteps: steps } = outline;
    const open: { rest: State; after: State; hint: readonly string[] }[] = [];
    let state = entry;
    let left: State = [];
    if (from > 0) note(this.behind, steps[from - 1].line, state);
    for (let i = from; i < to && this.work < MAX_WORK; i++) {
      this.work++;
      const { line, what } = steps[i];
      const block = open[open.length - 1];
      // What the `%elif` tests is seen by those whom the branches above have left.
      note(this.before, line, what.startsWith('elif') && block ? block.rest : state);
      if (block && block.hint.length > 0) this.hints.set(line, block.hint);
      if (block && (what === 'push' || what === 'pop')) block.hint = [];
      if (what === 'push') state = state.map((s) => this.push(s, outline, line, inMacro));
      else if (what === 'pop') {
        if (state[0] === UNKNOWN) this.hintBack(steps, i, from);
        state = union(state.map(pop));
      } else if (what === 'repl') state = union(state.map((s) => this.named(s, nameOn(line))));
      else if (what === 'include') state = this.included(outline, line, state);
      else if (what === 'call') state = this.call(steps[i], state);
      else if (what === 'exitmacro') {
        left = union([...left, ...state]);
        state = [];
      } else if (what.startsWith('if')) {
        const [taken, rest] = choose(what, line, state);
        open.push({ rest, after: [], hint: hintOf(what, line) });
        state = taken;
      } else if (block && (what === 'else' || what.startsWith('elif'))) {
        block.after = union([...block.after, ...state]);
        block.hint = hintOf(what, line);
        [state, block.rest] = what === 'else' ? [block.rest, []] : choose(what.slice(2), line, block.rest);
      } else if (block && what === 'endif') {
        open.pop();
        state = union([...block.after, ...state, ...block.rest]);
      } else if (what.endsWith('macro') && !what.startsWith('end')) i = this.skip(steps, i, to);
      note(this.behind, steps[Math.min(i, to - 1)].line, state);
    }
    return union([...left, ...state]);
  }

  /** `%pop name` tells what the lines in front of it were about. */
  private hintBack(steps: readonly ContextStep[], at: number, from: number): void {
    const name = nameOn(steps[at].line);
    for (let i = at; name !== '' && i >= from; i--) {
      const { line, what } = steps[i];
      if (i < at && what !== '' && what !== 'call') return;
      if (!this.hints.has(line)) this.hints.set(line, [name]);
    }
  }

  /** Past the body of a macro. */
  private skip(steps: readonly ContextStep[], at: number, to: number): number {
    return Math.min(to, this.bodies.get(steps[at].line.tokens[1] ?? steps[at])?.to ?? at);
  }

  private included(from: Outline, line: SourceLine, state: State): State {
    const use = from.files.find((f) => f.token === line.tokens[1]);
    const outline = use && this.names.included(from, use.path);
    return outline ? this.include(outline, state) : state;
  }

  private call({ line, shape }: ContextStep, state: State): State {
    const given = splitAtCommas(line.tokens.slice(shape.at + 1)).length;
    const all = this.names.macro(shape.head!.text);
    const fitting = all.filter(
      ({ macro }) => macro && given >= macro.minimum && (macro.greedy || given <= macro.maximum),
    );
    const after = (fitting.length > 0 ? fitting : all).flatMap((d) => {
      const body = this.bodies.get(d.token);
      if (!body) return state;
      return this.each(d.token, `${d.path}:${d.ordinal}`, state, (one) =>
        this.walk(body.outline, body.from, body.to, one, true),
      );
    });
    return after.length > 0 ? union(after) : state;
  }

  private readonly frames = new Map<SourceLine, Frame>();
  private readonly pushes = new Map<string, number>();

  private push(below: Stack | undefined, outline: Outline, line: SourceLine, inMacro: boolean): Stack {
    let frame = this.frames.get(line);
    if (!frame) {
      const { path } = outline.document;
      const n = (this.pushes.get(path) ?? 0) + 1;
      this.pushes.set(path, n);
      this.frames.set(line, (frame = { id: `${path}#${n}`, inMacro }));
    }
    return this.stack(frame, nameOn(line), below);
  }

  private named(stack: Stack | undefined, name: string): Stack | undefined {
    return stack && stack !== UNKNOWN ? this.stack(stack.frame, name, stack.below) : stack;
  }

  private stack(frame: Frame, name: string, below: Stack | undefined): Stack {
    if (below && below.key.split('/').length > MAX_DEPTH) return below;
    const key = `${below?.key ?? ''}/${frame.id.replaceAll('/', ':')} ${name}`;
    let stack = this.stacks.get(key);
    if (!stack) this.stacks.set(key, (stack = { frame, name, below, key }));
    return stack;
  }

  // -- What is the same

  private unite(): void {
    const inMacros = new Set([...this.frames.values()].filter((f) => f.inMacro).map((f) => f.id));
    const blurred = this.work >= MAX_WORK;
    const byName = new Map<string, string[]>();
    for (const outline of this.names.outlines) {
      for (const { line } of outline.contextSteps) {
        for (const token of line.tokens) {
          if (token.kind !== Kind.Preprocessor || !token.text.includes('$')) continue;
          for (const [, dollars, name] of token.text.matchAll(LOCAL)) {
            const nodes = this.stateOf(line).map((s) => `${frameAt(s, dollars.length).id}:${name}`);
            for (const node of nodes) {
              if (!this.parents.has(node)) {
                this.parents.set(node, node);
                const list = byName.get(name);
                if (list) list.push(node);
                else byName.set(name, [node]);
              }
              this.join(nodes[0], node);
            }
          }
        }
      }
    }
    for (const [name, nodes] of byName) {
      const stray = this.parents.has(`?:${name}`);
      for (const node of nodes) {
        if (blurred) this.join(nodes[0], node);
        else if (stray && inMacros.has(node.slice(0, node.lastIndexOf(':')))) this.join(`?:${name}`, node);
      }
    }
  }

  /** The stacks at a line. */
  private stateOf(line: SourceLine): State {
    const state = this.before.get(line) ?? [UNKNOWN];
    const hint = this.hints.get(line);
    if (!hint || state[0] !== UNKNOWN) return state;
    const fitting = [...this.stacks.values()].filter((s) => hint.includes(s.name));
    return fitting.length > 0 ? fitting : state;
  }

  private join(a: string, b: string): void {
    const [x, y] = [this.find(a), this.find(b)];
    if (x !== y) this.parents.set(y, x);
  }

  private find(node: string): string {
    let root = node;
    for (let up = this.parents.get(root); up !== undefined && up !== root; up = this.parents.get(root))
      root = up;
    return root;
  }
}

function note(notes: Map<SourceLine, State>, line: SourceLine, state: State): void {
  const known = notes.get(line);
  if (state.length > 0) notes.set(line, known ? union([...known, ...state]) : state);
}

function union(state: State): State {
  if (state.length < 2) return state;
  const all = new Set(state);
  return all.size === state.length && all.size <= MAX_STACKS ? state : [...all].slice(0, MAX_STACKS);
}

/** The context that a name with so many `$` speaks of. */
function frameAt(stack: Stack | undefined, dollars: number): Frame {
  let here = stack;
  for (let i = 1; i < dollars && here && here !== UNKNOWN; i++) here = here.below;
  return (here ?? UNKNOWN).frame;
}

function pop(stack: Stack | undefined): Stack | undefined {
  return stack === UNKNOWN ? stack : stack?.below;
}

function nameOn(line: SourceLine): string {
  return line.tokens[1]?.lower ?? '';
}

function hintOf(test: string, line: SourceLine): readonly string[] {
  return /^(el)?ifctx$/.test(test) ? line.tokens.slice(1).map((t) => t.lower) : [];
}

/** Who goes into a branch, and who passes it by: decided for `%ifctx` only. */
function choose(test: string, line: SourceLine, state: State): [taken: State, rest: State] {
  const negated = test.startsWith('ifn');
  if (test !== 'ifctx' && test !== 'ifnctx') return [state, state];
  const wanted = new Set(line.tokens.slice(1).map((t) => t.lower));
  const on = state.filter((s) => s === UNKNOWN || (s !== undefined && wanted.has(s.name)));
  const off = state.filter((s) => s === UNKNOWN || s === undefined || !wanted.has(s.name));
  return negated ? [off, on] : [on, off];
}

/** The step that closes the block begun at `at`. */
function endOf(steps: readonly ContextStep[], at: number, opens: RegExp, closes: RegExp): number {
  let depth = 0;
  for (let i = at; i < steps.length; i++) {
    const { what } = steps[i];
    if (closes.test(what)) {
      if (--depth <= 0) return i;
    } else if (opens.test(what) && !/^(end|exit)/.test(what)) depth++;
  }
  return steps.length;
}
