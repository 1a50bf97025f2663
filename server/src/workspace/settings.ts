/** The settings below `hyperstep.` that the server looks at; package.json describes them. */
export interface Settings {
  includePaths: string[];
  defines: Record<string, string>;
  inlayHints: { addresses: boolean; bytes: boolean; strucOffsets: boolean; expansions: boolean };
  codeLens: { references: boolean; debug: boolean };
  diagnostics: { unusedLabels: boolean };
  format: { instructionColumn: number; operandColumn: number; commentColumn: number };
}

export const DEFAULTS: Settings = {
  includePaths: [],
  defines: {},
  inlayHints: { addresses: false, bytes: false, strucOffsets: true, expansions: true },
  codeLens: { references: true, debug: true },
  diagnostics: { unusedLabels: true },
  format: { instructionColumn: 8, operandColumn: 16, commentColumn: 40 },
};

/** Takes what is of the right type from a client's answer, the defaults elsewhere. */
export function readSettings(value: unknown): Settings {
  return merge(DEFAULTS, value) as Settings;
}

function merge(standard: unknown, given: unknown): unknown {
  if (given === undefined || given === null) return standard;
  if (Array.isArray(standard)) {
    return Array.isArray(given) ? given.filter((item) => typeof item === 'string') : standard;
  }
  if (typeof standard !== 'object' || standard === null) {
    return typeof given === typeof standard ? given : standard;
  }
  if (typeof given !== 'object') return standard;
  const entries = Object.entries(standard);
  // Free names, as in `defines`.
  if (entries.length === 0) {
    return Object.fromEntries(Object.entries(given).filter(([, v]) => typeof v === 'string'));
  }
  return Object.fromEntries(
    entries.map(([key, v]) => [key, merge(v, (given as Record<string, unknown>)[key])]),
  );
}
