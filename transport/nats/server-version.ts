/** Older servers work; what their replicas may lose is known to be more. */
export const PRODUCTION_VERSION = '2.11.16';

/** Compares `major.minor.patch`; whatever follows it does not count. */
export function isOlder(version: string, than: string): boolean {
  const left = numbersOf(version);
  const right = numbersOf(than);
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return left[i]! < right[i]!;
  return false;
}

function numbersOf(version: string): number[] {
  const [, ...parts] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? ['', '0', '0', '0'];
  return parts.map(Number);
}
