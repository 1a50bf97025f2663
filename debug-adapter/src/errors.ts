/** A request that cannot be answered; the message is meant for the person at the keyboard. */
export class RequestError extends Error {}

/** Text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
