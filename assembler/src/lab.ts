import type { AssembleResult, FileProvider } from './api';
import { assemble } from './assemble';
import { directoryOf, join } from './paths';

/**
 * A lab: a folder with `lab.json`, whose programs are assembled in order (a
 * later one may `incbin` an earlier one's output by name) and whose `boot` image
 * a machine starts. The format is described in docs/labs/README.md.
 */
export interface LabManifest {
  title: string;
  /** Guest memory in MiB. */
  memory?: number;
  programs: LabProgram[];
  /** `output` of the program whose image is booted. */
  boot: string;
  /** File with the serial text a run must print, relative to the lab folder. */
  serial?: string;
  /** Exit status of a good run: (value << 1) | 1 of what is written to the exit port. */
  exitCode?: number;
}

export interface LabProgram {
  name: string;
  /** Relative to the lab folder. */
  source: string;
  /** Name under which later programs include the image. */
  output: string;
  /** Whose code it is: the VMM's (root mode) or every guest's. */
  runs: 'vmm' | 'guest';
}

/** One assembled program of a lab. */
export interface LabImage {
  program: LabProgram;
  result: AssembleResult;
}

export type LabResult =
  | { ok: true; manifest: LabManifest; images: LabImage[]; image: Uint8Array }
  /** `images` has what was assembled up to the failure, diagnostics included; `message` says what is wrong, with file and field. */
  | { ok: false; message: string; manifest?: LabManifest; images: LabImage[] };

/** Options that every program of the lab is assembled with. */
export interface LabOptions {
  includePaths?: readonly string[];
  defines?: Readonly<Record<string, string>>;
  cancelled?: () => boolean;
  /** Told before each program. */
  progress?: (program: LabProgram, index: number, count: number) => void;
}

const MANIFEST_FIELDS = ['title', 'memory', 'programs', 'boot', 'serial', 'exitCode'];
const PROGRAM_FIELDS = ['name', 'source', 'output', 'runs'];

/** Reads and checks `folder`/lab.json. A string says what is wrong, with file and field. */
export function readLab(folder: string, files: FileProvider): LabManifest | string {
  const path = join(folder, 'lab.json');
  const bytes = files.read(path);
  if (!bytes) return `${path}: no such file. A lab is a folder with a lab.json.`;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    return `${path}: ${(error as Error).message}`;
  }
  const problem = checkManifest(json);
  return problem === undefined ? (json as LabManifest) : `${path}: ${problem}`;
}

function checkManifest(json: unknown): string | undefined {
  if (!isObject(json)) return 'an object is expected';
  const unknown = Object.keys(json).find((key) => !MANIFEST_FIELDS.includes(key));
  if (unknown !== undefined) return `unknown field "${unknown}"; known are ${MANIFEST_FIELDS.join(', ')}`;
  if (typeof json['title'] !== 'string') return '"title": a text is expected';
  if (!optional(json['memory'], isWholeNumber)) return '"memory": a whole number of MiB is expected';
  if (!optional(json['serial'], (v) => typeof v === 'string')) return '"serial": a file name is expected';
  if (!optional(json['exitCode'], isWholeNumber)) return '"exitCode": a whole number is expected';
  const programs = json['programs'];
  if (!Array.isArray(programs) || programs.length === 0)
    return '"programs": a list of at least one program is expected';
  for (const [i, program] of programs.entries()) {
    const problem = checkProgram(program);
    if (problem !== undefined) return `"programs[${i}]": ${problem}`;
  }
  const outputs = (programs as LabProgram[]).map((p) => p.output);
  if (!outputs.includes(json['boot'] as string)) {
    return `"boot": must be the output of a program; outputs are ${outputs.join(', ')}`;
  }
  return undefined;
}

function checkProgram(program: unknown): string | undefined {
  if (!isObject(program)) return 'an object is expected';
  const unknown = Object.keys(program).find((key) => !PROGRAM_FIELDS.includes(key));
  if (unknown !== undefined) return `unknown field "${unknown}"; known are ${PROGRAM_FIELDS.join(', ')}`;
  for (const field of ['name', 'source', 'output']) {
    if (typeof program[field] !== 'string' || program[field] === '') return `"${field}": a text is expected`;
  }
  if (program['runs'] !== 'vmm' && program['runs'] !== 'guest') return '"runs": "vmm" or "guest" is expected';
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWholeNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function optional(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value);
}

/** The shared `include` folder of the guests: the nearest one beside the lab's ancestors. */
function sharedIncludes(folder: string): string[] {
  const paths: string[] = [];
  for (let here = folder; here !== directoryOf(here); here = directoryOf(here))
    paths.push(join(here, 'include'));
  return paths;
}

/** Where programs of a lab look for includes: lab folder, shared includes, the program's own folder. */
export function labIncludePaths(
  folder: string,
  program: LabProgram,
  extra: readonly string[] = [],
): string[] {
  return [folder, ...sharedIncludes(folder), directoryOf(join(folder, program.source)), ...extra];
}

/** Assembles a lab's programs in order. Stops at the first that fails. */
export function assembleLab(folder: string, files: FileProvider, options: LabOptions = {}): LabResult {
  const manifest = readLab(folder, files);
  const images: LabImage[] = [];
  if (typeof manifest === 'string') return { ok: false, message: manifest, images };
  const outputs = new Map<string, Uint8Array>();
  // Outputs appear in the lab folder, in front of what the disk has there.
  const overlay: FileProvider = { read: (path) => outputs.get(path) ?? files.read(path) };
  for (const [i, program] of manifest.programs.entries()) {
    options.progress?.(program, i, manifest.programs.length);
    const result = assemble({
      main: join(folder, program.source),
      files: overlay,
      includePaths: labIncludePaths(folder, program, options.includePaths),
      defines: options.defines,
      cancelled: options.cancelled,
    });
    images.push({ program, result });
    if (!result.image) {
      const first = result.diagnostics.find((d) => d.severity === 'error');
      const where = first ? `${first.range.file}:${first.range.line}: ${first.message}` : 'no image was made';
      return { ok: false, message: `${program.name}: ${where}`, manifest, images };
    }
    outputs.set(join(folder, program.output), result.image);
  }
  return { ok: true, manifest, images, image: outputs.get(join(folder, manifest.boot))! };
}
