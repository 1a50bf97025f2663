import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assembleLab, type FileProvider } from '@hyperstep/assembler';
import { type ExitRecord, Machine } from '@hyperstep/engine';

export const root = process.env.HYPERSTEP_ROOT ?? process.cwd();

const disk: FileProvider = {
  read: (path) => {
    try {
      return readFileSync(path);
    } catch {
      return undefined;
    }
  },
};

/** What a run of a lab gave. */
export interface Run {
  serial: string;
  lines: string[];
  /** Exit code, or why the machine stopped otherwise. */
  exit: number | string;
  transitions: ExitRecord[];
}

/** A copy of `guests/` in a folder of its own, to be changed as a student changes it. */
export class Guests {
  readonly folder = mkdtempSync(join(tmpdir(), 'hyperstep-guests-'));

  constructor() {
    cpSync(join(root, 'guests'), this.folder, { recursive: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Copies files over a lab's. */
  overlay(lab: string, from: string): void {
    cpSync(from, join(this.folder, 'labs', lab), { recursive: true });
  }

  /** Replaces a text that must be there. */
  change(file: string, from: string, to: string): void {
    const path = join(this.folder, file);
    const text = readFileSync(path, 'utf8');
    assert.ok(text.includes(from), `${file} has no '${from}'`);
    writeFileSync(path, text.replace(from, to));
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** Assembles a lab and runs it to its end. */
  run(lab: string): Run {
    const result = assembleLab(join(this.folder, 'labs', lab), disk);
    assert.ok(result.ok, result.ok ? '' : result.message);
    const machine = new Machine({ memoryMiB: result.manifest.memory });
    assert.equal(machine.loadMultiboot(result.image).error, undefined);
    let serial = '';
    const transitions: ExitRecord[] = [];
    machine.serial.onTransmit = (byte) => {
      serial += String.fromCharCode(byte);
    };
    machine.observe.transition = (record) => {
      transitions.push(record);
      return false;
    };
    const stop = machine.run({ limit: 50_000_000 });
    const exit = stop.kind === 'exit' ? stop.code : stop.kind;
    return { serial, lines: linesOf(serial), exit, transitions };
  }
}

/** The lines of a serial text. */
export function linesOf(text: string): string[] {
  return text.replaceAll('\r', '').trimEnd().split('\n');
}
