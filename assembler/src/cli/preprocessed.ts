import type { TracedLine } from '../api';

/**
 * Collects the lines that reach the assembler proper as text with `%line`
 * directives, as NASM's -E prints them. Every pass begins anew, so the last
 * one counts: there labels are known and `%if` may use them.
 */
export class PreprocessedText {
  #pass = 0;
  #text: string[] = [];
  #file = '';
  #next = 0;

  /** Receives a line; fits `AssembleOptions.trace`. */
  readonly line = (line: TracedLine, pass: number): void => {
    if (pass !== this.#pass) {
      this.#pass = pass;
      this.#text = [];
      this.#file = '';
      this.#next = 0;
    }
    if (line.file !== this.#file || line.line !== this.#next) {
      const step = line.depth > 0 ? 0 : 1;
      this.#text.push(`%line ${line.line}+${step} ${line.file}`);
    }
    this.#file = line.file;
    this.#next = line.depth > 0 ? line.line : line.line + 1;
    this.#text.push(line.indented ? ` ${line.text}` : line.text);
  };

  /** Everything so far. */
  get text(): string {
    return this.#text.length === 0 ? '' : `${this.#text.join('\n')}\n`;
  }
}
