import { RequestError } from '../errors';
import { SERIAL_INPUT, TRANSLATE, VM_EXITS } from '../views/protocol';
import { type Check, integer, isObject, string } from './shape';

/** Looks at a value; the answer is a sentence of complaint about what goes by that name, or undefined. */
type Field = (value: unknown, name: string) => string | undefined;
type Fields = Readonly<Record<string, Field>>;

const is =
  (check: Check): Field =>
  (value, name) => {
    const complaint = check(value);
    return complaint && `"${name}" ${complaint}.`;
  };

/** It may be absent; `null` means the same, for some clients send it. */
const optional =
  (field: Field): Field =>
  (value, name) =>
    value === undefined || value === null ? undefined : field(value, name);

const list =
  (field: Field): Field =>
  (value, name) =>
    Array.isArray(value)
      ? firstOf(value.map((one, i) => field(one, `${name}[${i}]`)))
      : `"${name}" must be a list.`;

const object =
  (fields: Fields): Field =>
  (value, name) =>
    isObject(value) ? inside(value, fields, `${name}.`) : `"${name}" must be an object.`;

const firstOf = (complaints: (string | undefined)[]) => complaints.find((one) => one !== undefined);

function inside(value: Record<string, unknown>, fields: Fields, path: string): string | undefined {
  return firstOf(Object.entries(fields).map(([name, field]) => field(value[name], path + name)));
}

const text = is(string);
const whole = is((value) => (Number.isSafeInteger(value) ? undefined : 'must be a whole number'));
const count = is(integer(0, 1 << 30));

const source = object({ path: text });
const conditions = { condition: optional(text), hitCondition: optional(text) };
const code = { ...conditions, logMessage: optional(text) };
const step = { granularity: optional(text) };

/** What the debugger reads of each request's arguments. Whatever else a client sends is let pass: the protocol grows. */
const ARGUMENTS: Readonly<Record<string, Fields>> = {
  setBreakpoints: {
    source,
    breakpoints: optional(list(object({ line: whole, ...code }))),
    lines: optional(list(whole)),
  },
  setFunctionBreakpoints: { breakpoints: list(object({ name: text, ...code })) },
  setInstructionBreakpoints: {
    breakpoints: list(object({ instructionReference: text, offset: optional(whole), ...code })),
  },
  dataBreakpointInfo: {
    name: text,
    variablesReference: optional(whole),
    frameId: optional(whole),
    bytes: optional(whole),
  },
  setDataBreakpoints: {
    breakpoints: list(object({ dataId: text, accessType: optional(text), ...conditions })),
  },
  setExceptionBreakpoints: {
    filters: list(text),
    filterOptions: optional(list(object({ filterId: text, condition: optional(text) }))),
  },
  breakpointLocations: { source, line: whole, endLine: optional(whole) },
  next: step,
  stepIn: step,
  stepOut: step,
  gotoTargets: { source, line: whole },
  goto: { targetId: whole },
  stackTrace: { threadId: whole, startFrame: optional(count), levels: optional(count) },
  scopes: { frameId: whole },
  variables: { variablesReference: whole, start: optional(count), count: optional(count) },
  setVariable: { variablesReference: whole, name: text, value: text },
  evaluate: { expression: text, frameId: optional(whole), context: optional(text) },
  setExpression: { expression: text, value: text, frameId: optional(whole) },
  completions: { text, column: whole },
  disassemble: {
    memoryReference: text,
    offset: optional(whole),
    instructionOffset: optional(whole),
    instructionCount: count,
  },
  readMemory: { memoryReference: text, offset: optional(whole), count },
  writeMemory: { memoryReference: text, offset: optional(whole), data: text },
  [TRANSLATE]: {
    address: text,
    access: optional(text),
    context: optional(text),
    frameId: optional(whole),
  },
  [VM_EXITS]: { since: optional(count), limit: optional(count) },
  [SERIAL_INPUT]: { text },
};

/** A request's arguments, checked; `null` for what is absent has been taken out. */
export function checkedArguments(command: string, given: unknown): unknown {
  const fields = Object.hasOwn(ARGUMENTS, command) ? ARGUMENTS[command] : undefined;
  if (!fields) return given;
  const args = given ?? {};
  const complaint = isObject(args) ? inside(args, fields, '') : 'The arguments must be an object.';
  if (complaint) throw new RequestError(`${command}: ${complaint}`);
  return withoutNull(args);
}

/** Handlers know only what is there and what is not. */
function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => (one === null ? [] : [[name, withoutNull(one)]])),
  );
}
