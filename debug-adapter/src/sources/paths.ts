/** Path arithmetic on absolute paths with `/`, so that the code around it needs no Node. */

/** Windows' `C:\x` as `C:/x`, `.` and `..` resolved, no trailing slash. */
export function normalizePath(path: string): string {
  const slashed = path.replaceAll('\\', '/');
  const root = /^([A-Za-z]:)?\//.exec(slashed)?.[0] ?? '';
  const parts: string[] = [];
  for (const part of slashed.slice(root.length).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return root + parts.join('/');
}

export function dirname(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut <= 0 ? '/' : path.slice(0, cut);
}

export function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The key under which two spellings of one file meet: Windows drive letters come in either case. */
export function pathKey(path: string): string {
  const normal = normalizePath(path);
  return /^[A-Za-z]:/.test(normal) ? normal.toLowerCase() : normal;
}
