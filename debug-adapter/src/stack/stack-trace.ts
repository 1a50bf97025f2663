import { baseName } from '@hyperstep/assembler';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Core } from '../core';
import { RequestError } from '../errors';
import { linearReference } from '../memory/references';
import type { SourceLine } from '../sources/source-index';
import type { Threads } from '../threads/threads';
import { type Frame, framesOf } from './frames';

/** `stackTrace`, and the frames that its ids stand for until the machine goes on. */
export class StackTrace {
  private frames: Frame[] = [];
  /** Id of the first of them. Ids are never given twice: a client that asks late must not get another frame. */
  private firstId = 1;
  private readonly perThread = new Map<number, { first: number; count: number }>();

  constructor(
    private readonly core: Core,
    private readonly threads: Threads,
  ) {
    core.onResume(() => this.forget());
    // The stacks may be others now; frames that have been shown still stand for what they stood for.
    core.onChange(() => this.perThread.clear());
  }

  /** Frame ids of the stop before are no longer valid. */
  private forget(): void {
    this.firstId += this.frames.length;
    this.frames = [];
    this.perThread.clear();
  }

  trace(args: DebugProtocol.StackTraceArguments): DebugProtocol.StackTraceResponse['body'] {
    this.core.stopped();
    const frames = this.framesOf(args.threadId);
    const start = Math.max(0, args.startFrame ?? 0);
    const end = args.levels ? start + args.levels : frames.length;
    return {
      stackFrames: frames.slice(start, end).map(({ frame, id }) => toDap(frame, id)),
      totalFrames: frames.length,
    };
  }

  /** The frame an id stands for; without id, the innermost of the context that runs. */
  frame(id: number | undefined): Frame {
    const target = this.core.stopped();
    if (id === undefined) {
      return this.framesOf(this.threads.idOf(target.context))[0].frame;
    }
    const frame = this.frames[id - this.firstId];
    if (!frame) throw new RequestError(`There is no frame ${id}: the machine has gone on since.`);
    return frame;
  }

  /** True for the frame whose registers are the processor's own. */
  isLive(frame: Frame): boolean {
    const target = this.core.stopped();
    return frame.context === target.context && frame.via === undefined && frame.kind !== 'exit';
  }

  private framesOf(threadId: number): { frame: Frame; id: number }[] {
    let known = this.perThread.get(threadId);
    if (!known) {
      const frames = framesOf(this.core, this.core.stopped(), this.threads.contextOf(threadId));
      known = { first: this.frames.length, count: frames.length };
      this.frames.push(...frames);
      this.perThread.set(threadId, known);
    }
    const { first, count } = known;
    return this.frames
      .slice(first, first + count)
      .map((frame, i) => ({ frame, id: this.firstId + first + i }));
  }
}

/** A source as the protocol names it. */
export function dapSource(line: SourceLine): DebugProtocol.Source {
  return { name: baseName(line.path), path: line.path };
}

function toDap(frame: Frame, id: number): DebugProtocol.StackFrame {
  if (frame.kind === 'exit') return { id, name: frame.name, line: 0, column: 0, presentationHint: 'label' };
  return {
    id,
    name: frame.name,
    line: frame.line?.line ?? 0,
    column: frame.line ? 1 : 0,
    source: frame.line && dapSource(frame.line),
    instructionPointerReference: linearReference(frame.context, frame.address),
    presentationHint: frame.line ? 'normal' : 'subtle',
  };
}
