/** Checks on guest segment registers (SDM 3C 27.3.1.2); a failure is exit reason 33. */
import { Access, Cr0, Flag, Seg } from '../../../cpu/state';
import { Entry, Secondary } from '../controls';
import { F } from '../fields';
import { canonical, type EntryCheck, type EntryView } from './check';

const SECTION = '27.3.1.2';
const DATA = [Seg.ES, Seg.DS, Seg.FS, Seg.GS];
const CODE_AND_DATA = [Seg.CS, Seg.SS, ...DATA];

/** The access-rights bits that must be zero: 11:8 and 31:17. */
const RESERVED = 0xfffe0f00;
/** Access rights of every segment in virtual-8086 mode: accessed read/write data, DPL 3, present. */
const V8086_ACCESS = 0xf3;

const selectorField = (seg: Seg): F => F.GUEST_ES_SELECTOR + seg * 2;
const baseField = (seg: Seg): F => F.GUEST_ES_BASE + seg * 2;
const limitField = (seg: Seg): F => F.GUEST_ES_LIMIT + seg * 2;
const accessField = (seg: Seg): F => F.GUEST_ES_ACCESS + seg * 2;

const selector = (e: EntryView, seg: Seg) => e.vmcs.low(selectorField(seg));
const access = (e: EntryView, seg: Seg) => e.vmcs.low(accessField(seg));
const type = (e: EntryView, seg: Seg) => access(e, seg) & Access.TYPE;
const dpl = (e: EntryView, seg: Seg) => (access(e, seg) >>> Access.DPL_SHIFT) & 3;
const rpl = (e: EntryView, seg: Seg) => selector(e, seg) & 3;
const usable = (e: EntryView, seg: Seg) => !(access(e, seg) & Access.UNUSABLE);

const v8086 = (e: EntryView) => (e.vmcs.low(F.GUEST_RFLAGS) & Flag.VM) !== 0;
const longGuest = (e: EntryView) => (e.entry & Entry.IA32E_MODE_GUEST) !== 0;
const unrestricted = (e: EntryView) => (e.secondary & Secondary.UNRESTRICTED_GUEST) !== 0;
const realMode = (e: EntryView) => !(e.vmcs.low(F.GUEST_CR0) & Cr0.PE);

/** A row on one field of a segment. */
const row = (field: F, check: EntryCheck['check'], message: EntryCheck['message']): EntryCheck => ({
  field,
  section: SECTION,
  check,
  message,
});

/** A row on the access rights that holds outside virtual-8086 mode and only for a usable segment. */
const rights = (seg: Seg, check: EntryCheck['check'], message: EntryCheck['message']): EntryCheck =>
  row(accessField(seg), (e) => v8086(e) || !usable(e, seg) || check(e), message);

/** G agrees with the limit: bits 11:0 not all ones need G = 0, bits 31:20 set need G = 1. */
function granularity(e: EntryView, seg: Seg): boolean {
  const limit = e.vmcs.low(limitField(seg));
  const g = (access(e, seg) & Access.G) !== 0;
  return g ? (limit & 0xfff) === 0xfff : limit >>> 20 === 0;
}

const common = (seg: Seg): EntryCheck[] => [
  rights(seg, (e) => (access(e, seg) & Access.P) !== 0, 'must have P (bit 7) set'),
  rights(seg, (e) => (access(e, seg) & RESERVED) === 0, 'must have reserved bits 11:8 and 31:17 clear'),
  rights(seg, (e) => granularity(e, seg), 'must have G (bit 15) agree with the limit'),
];

export const GUEST_SEGMENT_CHECKS: readonly EntryCheck[] = [
  // selectors
  row(F.GUEST_TR_SELECTOR, (e) => !(selector(e, Seg.TR) & 4), 'must have TI (bit 2) clear'),
  row(
    F.GUEST_LDTR_SELECTOR,
    (e) => !usable(e, Seg.LDTR) || !(selector(e, Seg.LDTR) & 4),
    'must have TI (bit 2) clear',
  ),
  row(
    F.GUEST_SS_SELECTOR,
    (e) => v8086(e) || unrestricted(e) || rpl(e, Seg.SS) === rpl(e, Seg.CS),
    'must have the same RPL as CS',
  ),

  // bases
  ...CODE_AND_DATA.map((seg) =>
    row(
      baseField(seg),
      (e) =>
        !v8086(e) ||
        (e.vmcs.high(baseField(seg)) === 0 && e.vmcs.low(baseField(seg)) === selector(e, seg) << 4),
      'must be the selector times 16 in virtual-8086 mode',
    ),
  ),
  ...[Seg.TR, Seg.FS, Seg.GS].map((seg) =>
    row(baseField(seg), (e) => canonical(e.vmcs, baseField(seg)), 'must be a canonical address'),
  ),
  row(
    F.GUEST_LDTR_BASE,
    (e) => !usable(e, Seg.LDTR) || canonical(e.vmcs, F.GUEST_LDTR_BASE),
    'must be a canonical address',
  ),
  row(F.GUEST_CS_BASE, (e) => e.vmcs.high(F.GUEST_CS_BASE) === 0, 'must have bits 63:32 clear'),
  ...[Seg.SS, Seg.DS, Seg.ES].map((seg) =>
    row(
      baseField(seg),
      (e) => !usable(e, seg) || e.vmcs.high(baseField(seg)) === 0,
      'must have bits 63:32 clear',
    ),
  ),

  // limits and access rights in virtual-8086 mode
  ...CODE_AND_DATA.flatMap((seg) => [
    row(
      limitField(seg),
      (e) => !v8086(e) || e.vmcs.low(limitField(seg)) === 0xffff,
      'must be 0xffff in virtual-8086 mode',
    ),
    row(
      accessField(seg),
      (e) => !v8086(e) || access(e, seg) === V8086_ACCESS,
      'must be 0xf3 in virtual-8086 mode',
    ),
  ]),

  // access rights: CS
  row(
    F.GUEST_CS_ACCESS,
    (e) =>
      v8086(e) || [9, 11, 13, 15].includes(type(e, Seg.CS)) || (type(e, Seg.CS) === 3 && unrestricted(e)),
    (e) =>
      unrestricted(e)
        ? 'must have type 9, 11, 13 or 15 (accessed code) or 3 (accessed read/write data)'
        : 'must have type 9, 11, 13 or 15 (accessed code)',
  ),
  row(F.GUEST_CS_ACCESS, (e) => v8086(e) || (access(e, Seg.CS) & Access.S) !== 0, 'must have S (bit 4) set'),
  row(
    F.GUEST_CS_ACCESS,
    (e) => {
      if (v8086(e)) return true;
      const t = type(e, Seg.CS);
      if (t === 3) return dpl(e, Seg.CS) === 0;
      return t < 12 ? dpl(e, Seg.CS) === dpl(e, Seg.SS) : dpl(e, Seg.CS) <= dpl(e, Seg.SS);
    },
    'must have a DPL that agrees with that of SS (equal if non-conforming, at most equal if conforming, 0 for data)',
  ),
  row(
    F.GUEST_CS_ACCESS,
    (e) => v8086(e) || !longGuest(e) || !(access(e, Seg.CS) & Access.L) || !(access(e, Seg.CS) & Access.DB),
    'must have D/B (bit 14) clear while L (bit 13) is set in IA-32e mode',
  ),
  row(F.GUEST_CS_ACCESS, (e) => v8086(e) || (access(e, Seg.CS) & Access.P) !== 0, 'must have P (bit 7) set'),
  row(
    F.GUEST_CS_ACCESS,
    (e) => v8086(e) || (access(e, Seg.CS) & RESERVED) === 0,
    'must have reserved bits 11:8 and 31:17 clear',
  ),
  row(
    F.GUEST_CS_ACCESS,
    (e) => v8086(e) || granularity(e, Seg.CS),
    'must have G (bit 15) agree with the limit',
  ),

  // access rights: SS
  rights(Seg.SS, (e) => [3, 7].includes(type(e, Seg.SS)), 'must have type 3 or 7 (accessed read/write data)'),
  rights(Seg.SS, (e) => (access(e, Seg.SS) & Access.S) !== 0, 'must have S (bit 4) set'),
  row(
    F.GUEST_SS_ACCESS,
    (e) => v8086(e) || unrestricted(e) || dpl(e, Seg.SS) === rpl(e, Seg.SS),
    'must have a DPL equal to the RPL of the selector',
  ),
  row(
    F.GUEST_SS_ACCESS,
    (e) => v8086(e) || (type(e, Seg.CS) !== 3 && !realMode(e)) || dpl(e, Seg.SS) === 0,
    'must have DPL 0 in real-address mode or while CS is a data segment',
  ),
  ...common(Seg.SS),

  // access rights: DS, ES, FS, GS
  ...DATA.flatMap((seg) => [
    rights(seg, (e) => (type(e, seg) & 1) !== 0, 'must have an accessed type (bit 0 set)'),
    rights(
      seg,
      (e) => !(type(e, seg) & 8) || (type(e, seg) & 2) !== 0,
      'must have a readable type if it is code',
    ),
    rights(seg, (e) => (access(e, seg) & Access.S) !== 0, 'must have S (bit 4) set'),
    rights(
      seg,
      (e) => unrestricted(e) || type(e, seg) > 11 || dpl(e, seg) >= rpl(e, seg),
      'must have a DPL that is not less than the RPL of the selector',
    ),
    ...common(seg),
  ]),

  // access rights: TR
  row(F.GUEST_TR_ACCESS, (e) => usable(e, Seg.TR), 'must not be unusable (bit 16)'),
  row(
    F.GUEST_TR_ACCESS,
    (e) => type(e, Seg.TR) === 11 || (!longGuest(e) && type(e, Seg.TR) === 3),
    (e) =>
      longGuest(e)
        ? 'must have type 11 (64-bit busy TSS)'
        : 'must have type 3 (16-bit busy TSS) or 11 (32-bit busy TSS)',
  ),
  // access rights: LDTR
  row(F.GUEST_LDTR_ACCESS, (e) => !usable(e, Seg.LDTR) || type(e, Seg.LDTR) === 2, 'must have type 2 (LDT)'),
  ...[Seg.TR, Seg.LDTR].flatMap((seg) => [
    row(
      accessField(seg),
      (e) => !usable(e, seg) || !(access(e, seg) & Access.S),
      'must have S (bit 4) clear: a system segment',
    ),
    row(
      accessField(seg),
      (e) => !usable(e, seg) || (access(e, seg) & Access.P) !== 0,
      'must have P (bit 7) set',
    ),
    row(
      accessField(seg),
      (e) => !usable(e, seg) || (access(e, seg) & RESERVED) === 0,
      'must have reserved bits 11:8 and 31:17 clear',
    ),
    row(
      accessField(seg),
      (e) => !usable(e, seg) || granularity(e, seg),
      'must have G (bit 15) agree with the limit',
    ),
  ]),
];
