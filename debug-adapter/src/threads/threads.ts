import type { ContextId } from '@hyperstep/engine';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Core } from '../core';
import { RequestError } from '../errors';

/** DAP threads are contexts: 1 is root mode, guests follow in the order in which their VMCS was first loaded. */
export class Threads {
  private readonly ids = new Map<ContextId, number>([['host', 1]]);

  constructor(private readonly core: Core) {}

  /** A new machine: guests are counted anew. */
  reset(): void {
    for (const [context, id] of this.ids) {
      if (context !== 'host') this.core.emit('thread', { reason: 'exited', threadId: id });
    }
    this.ids.clear();
    this.ids.set('host', 1);
  }

  /** Announces contexts that have come up since. */
  refresh(): void {
    for (const { id } of this.core.target?.machine.contexts() ?? []) this.idOf(id);
  }

  idOf(context: ContextId): number {
    let id = this.ids.get(context);
    if (id === undefined) {
      id = this.ids.size + 1;
      this.ids.set(context, id);
      this.core.emit('thread', { reason: 'started', threadId: id });
    }
    return id;
  }

  contextOf(id: unknown): ContextId {
    for (const [context, known] of this.ids) if (known === id) return context;
    throw new RequestError(`There is no thread ${id}.`);
  }

  list(): DebugProtocol.ThreadsResponse['body'] {
    const target = this.core.target;
    if (!target) return { threads: [] };
    this.refresh();
    const names = new Map(target.machine.contexts().map((context) => [context.id, context.name]));
    return {
      threads: [...this.ids].map(([context, id]) => ({
        id,
        name: context === 'host' ? this.hostName() : (names.get(context) ?? context),
      })),
    };
  }

  /** Root mode is "the VMM" once there is, or will be, something to monitor. */
  private hostName(): string {
    const target = this.core.launched();
    const monitors = target.index.programs.some((p) => p.program.kind === 'guest') || this.ids.size > 1;
    return monitors ? 'VMM' : 'machine';
  }
}
