import { MAX_IMAGE_BYTES } from '../limits';
import type { Section } from './section';

/** Default alignment of every section but the first (NASM manual 8.1.3). */
const DEFAULT_ALIGN = 4;

export interface Placement {
  origin: bigint;
  /** Length of the file in bytes. */
  length: number;
  /** What cannot be laid out. */
  problems: { code: string; message: string }[];
  /** Some address differs from the pass before. */
  moved: boolean;
}

function alignUp(value: bigint, to: number | undefined): bigint {
  const a = BigInt(to ?? 1);
  // Addresses may be negative, and division rounds to zero.
  const over = ((value % a) + a) % a;
  return over === 0n ? value : value + a - over;
}

/**
 * Gives every section its address and place in the file, as NASM's `bin`
 * format does (manual 8.1.3; outbin.c `bin_cleanup`): `.text` first, the others
 * as they appear, `nobits` behind; `start=` and `follows=` take the sections
 * that follow implicitly along.
 */
export function place(sections: readonly Section[], org: bigint | undefined): Placement {
  const problems: Placement['problems'] = [];
  const progbits = order(
    sections.filter((s) => !s.nobits),
    problems,
  );
  const nobits = order(
    sections.filter((s) => s.nobits),
    problems,
    new Set(progbits.map((s) => s.name)),
  );
  const first = progbits[0];
  const origin = org ?? first?.explicitStart ?? 0n;
  let moved = false;
  const set = (s: Section, start: bigint) => {
    const fileOffset = Number(start - origin);
    if (s.start !== start || s.fileOffset !== fileOffset) moved = true;
    s.start = start;
    s.fileOffset = fileOffset;
  };
  let end = origin;
  let length = 0;
  for (const s of progbits) {
    const start = s.explicitStart ?? (s === first ? origin : alignUp(end, s.align ?? DEFAULT_ALIGN));
    if (start < origin) {
      problems.push({ code: 'section-origin', message: `section \`${s.name}\` starts below the origin` });
    } else if (start < end && s.offset > 0) {
      problems.push({
        code: 'section-overlap',
        message: `section \`${s.name}\` overlaps the section before it`,
      });
    }
    set(s, start);
    end = start + BigInt(s.offset);
    if (s.offset > 0 && start >= origin) length = Math.max(length, s.fileOffset + s.offset);
  }
  if (length > MAX_IMAGE_BYTES) {
    const message = `the sections lie so far apart that the image would have ${length} bytes`;
    problems.push({ code: 'limit', message });
    length = 0;
  }
  const byName = new Map(sections.map((s) => [s.name, s]));
  for (const s of nobits) {
    const behind = s.follows === undefined ? undefined : byName.get(s.follows);
    if (behind) end = behind.start + BigInt(behind.offset);
    set(s, s.explicitStart ?? alignUp(end, s.align ?? DEFAULT_ALIGN));
    end = s.start + BigInt(s.offset);
  }
  let previous: Section | undefined;
  for (const s of [...progbits, ...nobits]) {
    let vstart = s.explicitVstart ?? s.start;
    // What has no content follows in the program's own addresses, so `.bss` stays behind a `.text vstart=…`.
    if (s.nobits && s.follows !== undefined) previous = byName.get(s.follows) ?? previous;
    if (s.nobits && previous && s.explicitVstart === undefined && s.explicitStart === undefined) {
      vstart = alignUp(previous.vstart + BigInt(previous.offset), s.align ?? DEFAULT_ALIGN);
    }
    previous = s;
    const before = s.vfollows === undefined ? undefined : byName.get(s.vfollows);
    if (s.vfollows !== undefined && !before) {
      problems.push({
        code: 'section-unknown',
        message: `\`vfollows=${s.vfollows}\`: there is no such section`,
      });
    }
    if (before && isCircular(s, byName)) {
      const message = `\`vfollows=${s.vfollows}\`: section \`${s.name}\` would follow itself`;
      problems.push({ code: 'section-circular', message });
    } else if (before) vstart = alignUp(before.vstart + BigInt(before.offset), s.valign ?? DEFAULT_ALIGN);
    else if (s.valign !== undefined && s.explicitVstart === undefined) vstart = alignUp(vstart, s.valign);
    if (s.vstart !== vstart) moved = true;
    s.vstart = vstart;
  }
  return { origin, length, problems, moved };
}

/** Does the way from section to section that `vfollows=` says lead back? */
function isCircular(section: Section, byName: ReadonlyMap<string, Section>): boolean {
  let at: Section | undefined = section;
  for (let n = byName.size; at && n > 0; n--) {
    at = at.vfollows === undefined ? undefined : byName.get(at.vfollows);
    if (at === section) return true;
  }
  return false;
}

/** A section that says where it goes, and those behind it that do not. */
function order(
  sections: readonly Section[],
  problems: Placement['problems'],
  others: ReadonlySet<string> = new Set(),
): Section[] {
  const groups: Section[][] = [];
  for (const s of sections) {
    const last = groups[groups.length - 1];
    const leads = s.explicitStart !== undefined || s.follows !== undefined;
    const target = last?.[0].follows === s.name;
    if (!last || leads || target) groups.push([s]);
    else last.push(s);
  }
  const following = groups.filter((g) => g[0].follows !== undefined);
  const standing = groups.filter((g) => g[0].follows === undefined);
  const floating = standing.filter((g) => g[0].explicitStart === undefined);
  const fixed = standing.filter((g) => g[0].explicitStart !== undefined);
  fixed.sort((a, b) => (a[0].explicitStart! < b[0].explicitStart! ? -1 : 1));
  const result = [...floating, ...fixed].flat();
  for (const group of following) {
    const at = result.findIndex((s) => s.name === group[0].follows);
    // Space may also follow content, which has its place already.
    if (at < 0 && !others.has(group[0].follows!)) {
      problems.push({
        code: 'section-unknown',
        message: `\`follows=${group[0].follows}\`: there is no such section`,
      });
    }
    result.splice(at < 0 ? result.length : at + 1, 0, ...group);
  }
  return result;
}
