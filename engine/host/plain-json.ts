/** A value as JSON shows it. What JSON has not is an object with one key: `{ "$map": [[key, value]] }`, `$set`, `$date`, `$bigint`, `$bytes`, `$number`, `$undefined`. */
export function plainJson(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return { $bigint: String(value) };
    case 'undefined':
      return { $undefined: true };
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) };
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(plainJson);
  if (value instanceof Map) return { $map: [...value].map(([key, one]) => [plainJson(key), plainJson(one)]) };
  if (value instanceof Set) return { $set: [...value].map(plainJson) };
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainJson(one)]));
}
