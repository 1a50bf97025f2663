/** Paths in `/` notation, as {@link FileProvider} takes them. A drive letter is just a first part. */

/** The folder a path is in; of a root, the root itself. */
export function directoryOf(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut < 0 ? '.' : cut === 0 ? '/' : path.slice(0, cut);
}

/** `path` seen from `folder`, with `.` and `..` resolved. An absolute path stays. */
export function join(folder: string, path: string): string {
  const whole = path.startsWith('/') || /^[A-Za-z]:\//.test(path) ? path : `${folder}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.' && (part !== '' || parts.length === 0)) parts.push(part);
  }
  return parts.length === 1 && parts[0] === '' ? '/' : parts.join('/');
}
