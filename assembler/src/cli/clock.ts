const two = (n: number) => String(n).padStart(2, '0');

function date(year: number, month: number, day: number): string[] {
  return [String(year), two(month), two(day)];
}

/** NASM's macros of date and time (manual 6.3.4) as lines of source; the assembler itself knows no clock. */
export function clockMacros(now: Date): string[] {
  const local = date(now.getFullYear(), now.getMonth() + 1, now.getDate());
  const utc = date(now.getUTCFullYear(), now.getUTCMonth() + 1, now.getUTCDate());
  const localTime = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two);
  const utcTime = [now.getUTCHours(), now.getUTCMinutes(), now.getUTCSeconds()].map(two);
  const values: Record<string, string> = {
    DATE: `'${local.join('-')}'`,
    TIME: `'${localTime.join(':')}'`,
    DATE_NUM: local.join(''),
    TIME_NUM: localTime.join(''),
    UTC_DATE: `'${utc.join('-')}'`,
    UTC_TIME: `'${utcTime.join(':')}'`,
    UTC_DATE_NUM: utc.join(''),
    UTC_TIME_NUM: utcTime.join(''),
    POSIX_TIME: String(Math.floor(now.getTime() / 1000)),
  };
  return Object.entries(values).flatMap(([name, value]) => [
    `%define __?${name}?__ ${value}`,
    `%define __${name}__ __?${name}?__`,
  ]);
}
