/**
 * Path arithmetic in `/` notation, as {@link FileProvider} takes paths: for the
 * assembler and everything around it, so that none of it needs Node. Windows'
 * spellings (`\`, drives, shares) are understood everywhere.
 */

/** The root a path begins with: `/`, `C:/` or a share's `//`; nothing for a relative path. */
const ROOT = /^(?:[A-Za-z]:[\\/]|[\\/]{2}(?![\\/])|[\\/])/;

/** Is the path complete, for Unix or Windows? */
export function isAbsolutePath(path: string): boolean {
  return ROOT.test(path);
}

/** The path with `/`, without `.`, `..`, doubled or trailing slashes. Above a root there is nothing. */
export function normalizePath(path: string): string {
  const written = ROOT.exec(path)?.[0] ?? '';
  const parts: string[] = [];
  for (const part of path.slice(written.length).split(/[\\/]/)) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts[parts.length - 1] !== '..') parts.pop();
    else if (written === '') parts.push(part);
  }
  return written.replaceAll('\\', '/') + parts.join('/') || '.';
}

/** `path` seen from `folder`, normalized. An absolute path stays where it is. */
export function join(folder: string, path: string): string {
  if (isAbsolutePath(path) || folder === '') return normalizePath(path);
  // Not `//path`, which would be a share.
  return normalizePath(/[\\/]$/.test(folder) ? folder + path : `${folder}/${path}`);
}

function lastSlash(path: string): number {
  return Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
}

/** The folder a path is in; of a root, the root itself; of a bare name, `.`. */
export function directoryOf(path: string): string {
  const root = ROOT.exec(path)?.[0] ?? '';
  return path.slice(0, Math.max(root.length, lastSlash(path))) || '.';
}

/** The last name of a path. */
export function baseName(path: string): string {
  return path.slice(lastSlash(path) + 1);
}

/** The key under which the spellings of one file meet: on Windows letters come in either case. */
export function pathKey(path: string): string {
  const normal = normalizePath(path);
  return /^[A-Za-z]:/.test(normal) ? normal.toLowerCase() : normal;
}
