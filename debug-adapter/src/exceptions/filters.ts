import { EXIT_REASONS, type ExceptionRecord, type ExitRecord } from '@hyperstep/engine';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { nearest } from '../checks/nearest';
import { VECTORS } from './vectors';

/** Basic exit reason of a guest's triple fault (SDM 3C Appendix C). */
const TRIPLE_FAULT = 2;

/** Filters as `initialize` announces them. */
export function filterList(): DebugProtocol.ExceptionBreakpointsFilter[] {
  return [
    ...VECTORS.map((info) => ({
      filter: `vector-${info.vector}`,
      label: `${info.mnemonic} ${info.name}`,
      description: `Stops before ${info.mnemonic} (vector ${info.vector}) is delivered.`,
      default: info.default ?? false,
    })),
    {
      filter: 'vm-exit',
      label: 'VM exits',
      description: 'Stops after VM exits, in the VMM. The condition lists reasons: VMCALL, EPT violation.',
      default: false,
      supportsCondition: true,
      conditionDescription: 'Reasons, separated by commas; empty for all',
    },
    {
      filter: 'vm-entry-failure',
      label: 'Failed VM entries',
      description: 'Stops when a check of the VM entry fails.',
      default: true,
    },
  ];
}

/** Which exceptions and VM exits stop the machine. A triple fault always does. */
export class ExceptionFilters {
  private readonly vectors = new Set<number>(VECTORS.filter((v) => v.default).map((v) => v.vector));
  private entryFailures = true;
  /** Lower-case reason names; empty set = all; undefined = none. */
  private exits: Set<string> | undefined;

  configure(
    args: DebugProtocol.SetExceptionBreakpointsArguments,
  ): DebugProtocol.SetExceptionBreakpointsResponse['body'] {
    const options = [...args.filters.map((filterId) => ({ filterId })), ...(args.filterOptions ?? [])];
    const known = new Set(filterList().map((filter) => filter.filter));
    this.vectors.clear();
    this.entryFailures = false;
    this.exits = undefined;
    return {
      breakpoints: options.map((option) => {
        if (!known.has(option.filterId)) {
          return { verified: false, message: `There is no exception filter '${option.filterId}'.` };
        }
        const message = this.enable(option);
        return { verified: message === undefined, message };
      }),
    };
  }

  /** Answers what is wrong with it. */
  private enable({ filterId, condition }: DebugProtocol.ExceptionFilterOptions): string | undefined {
    if (filterId === 'vm-exit') {
      this.exits = parseReasons(condition);
      return complaintAbout(this.exits);
    }
    if (filterId === 'vm-entry-failure') this.entryFailures = true;
    else this.vectors.add(Number(filterId.slice('vector-'.length)));
    return undefined;
  }

  /** Must the machine stop before this is delivered? */
  wantsException(record: ExceptionRecord): boolean {
    return record.kind !== 'external' && this.vectors.has(record.vector);
  }

  /** Must the machine stop after this transition? */
  wantsTransition(record: ExitRecord): boolean {
    if (record.kind === 'entry-failure') return this.entryFailures;
    if (record.kind !== 'exit') return false;
    if (record.reason === TRIPLE_FAULT) return true;
    return (
      this.exits !== undefined && (this.exits.size === 0 || this.exits.has(record.reasonName.toLowerCase()))
    );
  }
}

const REASONS = [...EXIT_REASONS.values()];
const KNOWN_REASONS = new Set(REASONS.map((name) => name.toLowerCase()));

/** The first reason that does not exist, and the one that may be meant. */
function complaintAbout(reasons: ReadonlySet<string>): string | undefined {
  const unknown = [...reasons].find((name) => !KNOWN_REASONS.has(name));
  if (unknown === undefined) return undefined;
  const near = nearest(unknown, REASONS);
  return `There is no exit reason '${unknown}'.${near ? ` Did you mean '${near}'?` : ''}`;
}

function parseReasons(condition: string | undefined): Set<string> {
  const names = (condition ?? '').split(/[,;]/).map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => name !== ''));
}
