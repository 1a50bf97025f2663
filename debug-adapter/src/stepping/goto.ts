import type { DebugProtocol } from '@vscode/debugprotocol';
import { resolveLine } from '../breakpoints/lines';
import type { Core } from '../core';
import { RequestError } from '../errors';
import { kindOf } from '../sources/source-index';
import type { Control } from './control';

/** `gotoTargets` and `goto`: moves RIP to a line of the context that runs. */
export class Goto {
  private addresses: bigint[] = [];

  constructor(
    private readonly core: Core,
    private readonly control: Control,
  ) {}

  targets(args: DebugProtocol.GotoTargetsArguments): DebugProtocol.GotoTargetsResponse['body'] {
    const target = this.core.stopped();
    const found = resolveLine(target.index, args.source.path!, args.line);
    const kind = kindOf(target.context);
    const sites = found?.addresses.filter(({ program }) => program.program.kind === kind) ?? [];
    this.addresses = sites.map((site) => site.address);
    return {
      targets: sites.map((site, id) => ({
        id,
        label: `line ${found!.line} (0x${site.address.toString(16)})`,
        line: found!.line,
        instructionPointerReference: `0x${site.address.toString(16)}`,
      })),
    };
  }

  goto(args: DebugProtocol.GotoArguments): void {
    const target = this.core.stopped();
    const address = this.addresses[args.targetId];
    if (address === undefined)
      throw new RequestError(`There is no goto target ${args.targetId}: ask for the targets first.`);
    const here = target.here();
    const error = target.machine.setRegister('rip', address - (here.address - here.rip));
    if (error) throw new RequestError(error);
    this.control.jumped();
  }
}
