import type { DebugProtocol } from '@vscode/debugprotocol';
import { RequestError } from '../errors';

/** One line of the Variables view. */
export interface Node {
  name: string;
  value: string;
  type?: string;
  children?: () => Node[];
  /** Changes it; throws a {@link RequestError} when the machine refuses. */
  set?: (value: bigint) => void;
  memoryReference?: string;
  /** Expression with the same value, for "Add to Watch". */
  evaluateName?: string;
}

/** Variable references of one stop. */
export class VariableStore {
  private nodes: (() => Node[])[] = [];
  /** The reference of the first of them; none is given twice. */
  private first = 1;

  forget(): void {
    this.first += this.nodes.length;
    this.nodes = [];
  }

  /** A reference under which the children can be asked for. */
  add(children: () => Node[]): number {
    this.nodes.push(children);
    return this.first + this.nodes.length - 1;
  }

  children(reference: number): Node[] {
    const children = this.nodes[reference - this.first];
    if (!children)
      throw new RequestError(`There is no variable ${reference}: the machine has gone on since.`);
    return children();
  }

  toDap(node: Node): DebugProtocol.Variable {
    return {
      name: node.name,
      value: node.value,
      type: node.type,
      variablesReference: node.children ? this.add(node.children) : 0,
      evaluateName: node.evaluateName,
      memoryReference: node.memoryReference,
      presentationHint: node.set ? undefined : { attributes: ['readOnly'] },
    };
  }
}
