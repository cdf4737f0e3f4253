/**
 * Byte strings come out of the decoder as views of the whole message; here each becomes memory of its own. Changes the value in place
 * and returns it; only worth calling when the message has byte strings at all.
 */
export function detach(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = detach(value[index]);
  } else if (value instanceof Map) {
    const entries = [...value];
    value.clear();
    for (const [key, item] of entries) value.set(detach(key), detach(item));
  } else if (value instanceof Set) {
    const items = [...value];
    value.clear();
    for (const item of items) value.add(detach(item));
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    const record = value as Record<string, unknown>;
    for (const key of Object.keys(record)) record[key] = detach(record[key]);
  }
  return value;
}
