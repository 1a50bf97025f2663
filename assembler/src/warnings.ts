/** Classes of warnings, and which of them are on (NASM manual, section 2.1.26 and appendix A). */

const OFF = 0;
const ON = 1;
/** A warning that is on and has this too is an error. */
const ERROR = 2;

/** NASM's classes and how they begin; a class may have an older name besides. */
const CLASSES: readonly (readonly [name: string, state: number, old?: string])[] = [
  ['db-empty', ON],
  ['ea-absolute', ON],
  ['ea-dispsize', ON],
  ['float-denorm', OFF],
  ['float-overflow', ON],
  ['float-toolong', ON],
  ['float-underflow', OFF],
  ['forward', ON],
  ['label-orphan', ON, 'orphan-labels'],
  ['label-redef', OFF],
  ['label-redef-late', ON | ERROR],
  ['number-overflow', ON],
  ['obsolete-nop', ON],
  ['obsolete-removed', ON],
  ['obsolete-valid', ON],
  ['phase', OFF],
  ['pp-else-elif', ON],
  ['pp-else-else', ON],
  ['pp-empty-braces', ON],
  ['pp-environment', ON, 'environment'],
  ['pp-macro-def-case-single', ON, 'macro-def-case-single'],
  ['pp-macro-def-greedy-single', ON, 'macro-def-greedy-single'],
  ['pp-macro-def-param-single', ON | ERROR, 'macro-def-param-single'],
  ['pp-macro-defaults', ON, 'macro-defaults'],
  ['pp-macro-params-legacy', ON, 'macro-params-legacy'],
  ['pp-macro-params-multi', ON, 'macro-params-multi'],
  ['pp-macro-params-single', ON, 'macro-params-single'],
  ['pp-macro-redef-multi', ON],
  ['pp-open-braces', ON],
  ['pp-open-brackets', ON],
  ['pp-open-string', ON],
  ['pp-rep-negative', ON, 'negative-rep'],
  ['pp-sel-range', ON],
  ['pp-trailing', ON],
  ['pragma-bad', OFF, 'bad-pragma'],
  ['pragma-empty', OFF],
  ['pragma-na', OFF, 'not-my-pragma'],
  ['pragma-unknown', OFF, 'unknown-pragma'],
  ['prefix-bnd', ON, 'bnd'],
  ['prefix-hle', ON, 'hle'],
  ['prefix-lock', ON, 'lock'],
  ['prefix-opsize', ON],
  ['prefix-seg', ON],
  ['ptr', ON],
  ['regsize', ON],
  ['unknown-warning', OFF],
  ['user', ON],
  ['warn-stack-empty', ON],
  ['zeroing', ON],
  ['zext-reloc', ON],
  ['other', ON],
];

const INDEX: ReadonlyMap<string, number> = new Map(CLASSES.map(([name], i) => [name, i]));

/** Names that warnings can be meant by, those of classes and older ones. */
const NAMES: readonly (readonly [name: string, index: number])[] = CLASSES.flatMap(([name, , old], i) =>
  old === undefined ? [[name, i] as const] : [[name, i] as const, [old, i] as const],
);

/** Classes of diagnostics whose code is not the name of their class; others are `other`. */
const CODES: Readonly<Record<string, string>> = {
  'immediate-range': 'number-overflow',
  'displacement-range': 'number-overflow',
  'data-empty': 'db-empty',
  'user-warning': 'user',
  'relocation-extended': 'zext-reloc',
  'macro-redefined': 'pp-macro-redef-multi',
};

/** The class of a warning with this code. */
export function warningClass(code: string): string {
  return INDEX.has(code) ? code : (CODES[code] ?? 'other');
}

/** Which classes are on, and which of them are errors; `[warning push]` and `[warning pop]`. */
export class Warnings {
  #state = Uint8Array.from(CLASSES, ([, state]) => state);
  #stack: Uint8Array<ArrayBuffer>[] = [];
  #initial = this.#state;

  /** What the command line says, in its order (see {@link set}); unknown names count for nothing. */
  constructor(options: readonly string[] = []) {
    for (const option of options) this.set(option);
    this.begin(true);
  }

  /** Goes back to the beginning; `initial`: this is the beginning. */
  begin(initial = false): void {
    if (initial) this.#initial = this.#state;
    this.#state = this.#initial.slice();
    this.#stack = [];
  }

  /** What becomes of a warning of this class. */
  fate(name: string): 'on' | 'off' | 'error' {
    const state = this.#state[INDEX.get(name)!];
    if (!(state & ON)) return 'off';
    return state & ERROR ? 'error' : 'on';
  }

  /**
   * `+class`, `-class` or `*class` (back to the beginning), `no-class`, `none`,
   * `error=class` behind a sign; a class may be `all` or the beginning of
   * several (`float`, `pp-macro`). False when there is no such class.
   */
  set(text: string): boolean {
    const match = /^\s*([+*-]|no-)?(.*)$/is.exec(text)!;
    let [sign, name] = [match[1]?.toLowerCase() ?? '+', match[2].toLowerCase()];
    if (sign === '+' && match[1] === undefined && name === 'none') [sign, name] = ['-', 'all'];
    let mask = ON;
    if (name === 'error' || name.startsWith('error=')) {
      mask = ERROR;
      name = name === 'error' ? 'all' : name.slice('error='.length);
    }
    let known = name === 'all';
    for (const [full, index] of NAMES) {
      if (name !== 'all' && full !== name && !full.startsWith(`${name}-`)) continue;
      known = true;
      if (sign === '+') this.#state[index] |= mask;
      else this.#state[index] &= ~mask;
      if (sign === '*') this.#state[index] |= this.#initial[index] & mask;
    }
    return known;
  }

  /** Keeps the present state for {@link pop}. */
  push(): void {
    this.#stack.push(this.#state.slice());
  }

  /** Back to the state of the last {@link push}, or to the beginning, and then false. */
  pop(): boolean {
    const state = this.#stack.pop();
    this.#state = state ?? this.#initial.slice();
    return state !== undefined;
  }
}
