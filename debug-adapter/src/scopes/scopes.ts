import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Core } from '../core';
import { RequestError } from '../errors';
import type { Frame } from '../stack/frames';
import type { StackTrace } from '../stack/stack-trace';
import { controlNodes } from './control';
import { sseNodes, x87Nodes } from './floating-point';
import { lastExitNodes } from './last-exit';
import { modeNodes } from './mode';
import { flagNodes, registerNodes, segmentNodes } from './registers';
import { type Node, VariableStore } from './variables';
import type { RegisterView } from './view';

/** Scopes in the order of the Variables view. */
const SCOPES: readonly {
  name: string;
  nodes: (view: RegisterView) => Node[];
  hint?: string;
  expensive?: boolean;
}[] = [
  { name: 'Registers', nodes: registerNodes, hint: 'registers' },
  { name: 'Flags', nodes: flagNodes },
  { name: 'Segments', nodes: segmentNodes },
  { name: 'Control', nodes: controlNodes },
  { name: 'SSE', nodes: sseNodes },
  { name: 'x87', nodes: x87Nodes },
  { name: 'Mode', nodes: modeNodes },
  { name: 'Last VM exit', nodes: lastExitNodes },
];

/** `scopes`, `variables`, `setVariable`. */
export class Scopes {
  private readonly store = new VariableStore();

  constructor(
    private readonly core: Core,
    private readonly stack: StackTrace,
    private readonly evaluate: (text: string) => bigint,
  ) {
    core.onResume(() => this.store.forget());
  }

  scopes(args: DebugProtocol.ScopesArguments): DebugProtocol.ScopesResponse['body'] {
    const view = this.view(this.stack.frame(args.frameId));
    const shown = SCOPES.filter(({ name }) => name !== 'Last VM exit' || lastExitNodes(view).length > 0);
    return {
      scopes: shown.map(({ name, nodes, hint }) => ({
        name,
        presentationHint: hint,
        variablesReference: this.store.add(() => nodes(view)),
        expensive: false,
      })),
    };
  }

  variables(args: DebugProtocol.VariablesArguments): DebugProtocol.VariablesResponse['body'] {
    this.core.stopped();
    const nodes = this.store.children(args.variablesReference);
    const start = args.start ?? 0;
    const shown = args.count ? nodes.slice(start, start + args.count) : nodes;
    return { variables: shown.map((node) => this.store.toDap(node)) };
  }

  set(args: DebugProtocol.SetVariableArguments): DebugProtocol.SetVariableResponse['body'] {
    this.core.stopped();
    const find = () => this.store.children(args.variablesReference).find((node) => node.name === args.name);
    const node = find();
    if (!node) throw new RequestError(`There is no '${args.name}' here.`);
    if (!node.set) throw new RequestError(`'${args.name}' cannot be changed here.`);
    node.set(this.evaluate(args.value));
    this.core.changed();
    const changed = find()!;
    return { value: changed.value, memoryReference: changed.memoryReference };
  }

  private view(frame: Frame): RegisterView {
    const target = this.core.stopped();
    const live = this.stack.isLive(frame);
    return {
      target,
      context: frame.context,
      live,
      snapshot: () => {
        const now = target.registers(frame.context);
        if (live || frame.via === undefined) return now;
        // An outer frame: only where it goes on is known for certain.
        return { ...now, rip: frame.address, gpr: now.gpr.map((value, i) => (i === 4 ? frame.rsp : value)) };
      },
    };
  }
}
