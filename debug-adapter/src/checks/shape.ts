import { nearest } from './nearest';

/** What a field must be; the answer is a complaint or undefined. */
export type Check = (value: unknown) => string | undefined;

/** The fields an object may have. */
export type Shape = Readonly<Record<string, Check>>;

export const string: Check = (value) => (typeof value === 'string' ? undefined : 'must be a string');
export const boolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');

export const integer =
  (low: number, high: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high
      ? undefined
      : `must be a whole number from ${low} to ${high}`;

export const oneOf =
  (...values: string[]): Check =>
  (value) =>
    values.includes(value as string) ? undefined : `must be one of ${values.map((v) => `"${v}"`).join(', ')}`;

export const strings: Check = (value) =>
  Array.isArray(value) && value.every((v) => typeof v === 'string') ? undefined : 'must be a list of strings';

/** An object whose values are all texts, numbers or true. */
export const definitions: Check = (value) =>
  isObject(value) && Object.values(value).every((v) => ['string', 'number', 'boolean'].includes(typeof v))
    ? undefined
    : 'must be an object of names and texts';

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checks an object's fields: unknown ones are named with the nearest known one. `ignore` lists fields that others own. */
export function checkShape(
  value: unknown,
  shape: Shape,
  ignore: (field: string) => boolean = () => false,
): string[] {
  if (!isObject(value)) return ['must be an object'];
  return Object.entries(value).flatMap(([field, content]) => {
    if (ignore(field) || content === undefined) return [];
    const check = Object.hasOwn(shape, field) ? shape[field] : undefined;
    if (!check) {
      const near = nearest(field, Object.keys(shape));
      const hint = near ? ` Did you mean "${near}"?` : ` Known fields: ${Object.keys(shape).join(', ')}.`;
      return [`unknown field "${field}".${hint}`];
    }
    const complaint = check(content);
    return complaint ? [`"${field}" ${complaint}.`] : [];
  });
}
