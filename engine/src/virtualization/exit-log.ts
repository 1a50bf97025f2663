import { type Explanation, explain } from '../cpu/cpu';
import type { ContextId, ExitRecord } from '../records';
import { describeExit } from './vmx/describe';
import { describeVmError } from './vmx/errors';
import { reasonName } from './vmx/reasons';

/** What a transition was. */
export const enum Kind {
  ENTRY = 0,
  EXIT = 1,
  ENTRY_FAILURE = 2,
}

/** Words of a logged transition; 64-bit values take two, low half first. */
export const enum Logged {
  KIND = 0,
  /** Basic exit reason; all ones for an entry, and for one that VM-instruction error ERROR_CODE refused. */
  REASON = 1,
  /** The guest's VMCS. */
  VMCS = 2,
  QUALIFICATION = 4,
  GUEST_RIP = 6,
  /** {@link Present} bits. */
  PRESENT = 8,
  LENGTH = 9,
  LINEAR = 10,
  PHYSICAL = 12,
  /** Interruption information, 0 without. */
  INTERRUPTION = 14,
  ERROR_CODE = 15,
  COUNT = 16,
  /** The guest's registers that say what it asked for. */
  RAX = 18,
  RCX = 20,
  RDX = 21,
  WORDS = 22,
}

/** Which words mean something. */
export const enum Present {
  LINEAR = 1,
  PHYSICAL = 2,
  ERROR_CODE = 4,
}

/**
 * The last VM transitions, bounded. They are logged as numbers, because a guest
 * may exit a million times a second; records are made for whoever looks.
 */
export class ExitLog {
  /** A ring of transitions, {@link Logged} words each. */
  words = new Uint32Array(0);
  /** Transitions seen since power-on, including those no longer kept. */
  total = 0;
  /** What no number says, by the transition's place: why an entry failed, what a walk through EPT met. */
  private readonly notes = new Map<number, Explanation>();

  constructor(private readonly capacity = 10_000) {}

  /** Logs a transition; answers where its words begin, all of which but COUNT its maker fills. */
  add(count: number, note?: Explanation): number {
    if (this.words.length === 0) this.words = new Uint32Array(this.capacity * Logged.WORDS);
    const at = (this.total % this.capacity) * Logged.WORDS;
    this.total++;
    this.words[at + Logged.COUNT] = count;
    this.words[at + Logged.COUNT + 1] = count / 0x100000000;
    if (note !== undefined) this.notes.set(at, note);
    else if (this.notes.size > 0) this.notes.delete(at);
    return at;
  }

  /** Records from number `since` on (0 is the first ever), of these the last `most`, and not more than are kept. */
  list(since = 0, most = this.capacity): ExitRecord[] {
    const records: ExitRecord[] = [];
    const first = Math.max(since, this.total - Math.min(most, this.capacity), 0);
    for (let number = first; number < this.total; number++) records.push(this.record(number));
    return records;
  }

  get last(): ExitRecord | undefined {
    return this.total > 0 ? this.record(this.total - 1) : undefined;
  }

  /** The last exit or failed entry, of one guest or of any, if it is still kept. */
  lastExit(guest?: ContextId): ExitRecord | undefined {
    for (let number = this.total - 1; number >= 0 && number >= this.total - this.capacity; number--) {
      const at = this.at(number);
      if (this.words[at + Logged.KIND] === Kind.ENTRY) continue;
      if (guest === undefined || this.guest(at) === guest) return this.record(number);
    }
    return undefined;
  }

  private at(number: number): number {
    return (number % this.capacity) * Logged.WORDS;
  }

  private guest(at: number): ContextId {
    return `vmcs:${this.wide(at + Logged.VMCS).toString(16)}`;
  }

  private wide(at: number): bigint {
    return (BigInt(this.words[at + 1]) << 32n) | BigInt(this.words[at]);
  }

  private record(number: number): ExitRecord {
    const at = this.at(number);
    const { words } = this;
    const guest = this.guest(at);
    const kind = words[at + Logged.KIND];
    const present = words[at + Logged.PRESENT];
    const note = explain(this.notes.get(at));
    const exit = kind === Kind.EXIT;
    const reason = words[at + Logged.REASON] | 0;
    const interruption = words[at + Logged.INTERRUPTION] || undefined;
    const record: ExitRecord = {
      kind: exit ? 'exit' : kind === Kind.ENTRY ? 'entry' : 'entry-failure',
      from: exit ? guest : 'host',
      to: exit ? 'host' : guest,
      reason,
      reasonName: reason >= 0 ? reasonName(reason) : 'VM entry',
      qualification: this.wide(at + Logged.QUALIFICATION),
      detail: '',
      instructionLength: words[at + Logged.LENGTH],
      guestLinear: present & Present.LINEAR ? this.wide(at + Logged.LINEAR) : undefined,
      guestPhysical: present & Present.PHYSICAL ? this.wide(at + Logged.PHYSICAL) : undefined,
      interruption,
      guestRip: this.wide(at + Logged.GUEST_RIP),
      count: words[at + Logged.COUNT + 1] * 0x100000000 + words[at + Logged.COUNT],
    };
    const errorCode = present & Present.ERROR_CODE ? words[at + Logged.ERROR_CODE] : undefined;
    if (exit) {
      record.detail = describeExit(record, {
        errorCode,
        explanation: note,
        rax: this.wide(at + Logged.RAX),
        rcx: words[at + Logged.RCX],
        rdx: words[at + Logged.RDX],
      });
    } else if (kind === Kind.ENTRY_FAILURE) {
      record.detail = record.failure = note ?? '';
      if (reason < 0)
        record.reasonName = `VM-instruction error ${errorCode}: ${describeVmError(errorCode ?? 0)}`;
    } else if (interruption) record.detail = `injects vector ${interruption & 0xff}`;
    return record;
  }
}
