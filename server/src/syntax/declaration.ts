import type { Token } from '@hyperstep/assembler';

/** What a name stands for. */
export type DeclarationKind =
  | 'label'
  | 'local'
  | 'equ'
  | 'struc'
  | 'field'
  | 'macro'
  | 'define'
  | 'context'
  | 'macro-local'
  | 'extern'
  | 'section';

/** How a multi-line macro is called. */
export interface MacroShape {
  minimum: number;
  /** Infinite for `*`. */
  maximum: number;
  greedy: boolean;
  caseless: boolean;
  /** Defaults of the parameters behind the required ones, as written. */
  defaults: string[];
}

/** A single-line macro as written. */
export interface DefineShape {
  parameters: string[] | undefined;
  body: string;
  caseless: boolean;
  /** `%define`, `%assign` … */
  directive: string;
}

/** A place that gives a name its meaning. */
export interface Declaration {
  kind: DeclarationKind;
  /** Identity of what is named; see syntax/keys.ts. */
  key: string;
  /** Full name, as `main.loop` or `vm.rax`. */
  name: string;
  path: string;
  /** Counts the declarations of the file. Unlike the line it stays when lines above come or go, so keys are made of it. */
  ordinal: number;
  /** The token that names it. Its line number is always the current one. */
  token: Token;
  /** Index of its line among the token lines of the file, and of the last line that belongs to it. */
  index: number;
  last: number;
  /** The label or structure it belongs to. */
  container?: string;
  macro?: MacroShape;
  define?: DefineShape;
}
