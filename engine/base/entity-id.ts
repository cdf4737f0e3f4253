/** Kinds are distinct: 7, 7n and '7' are three entities. Numbers are safe integers, strings up to 256 bytes of UTF-8. */
export type EntityId = number | bigint | string;

export const ID_BYTES_MAX = 256;

/** Throws TypeError for a wrong kind and RangeError for a value outside of the limits. */
export function checkEntityId(id: unknown): asserts id is EntityId {
  switch (typeof id) {
    case 'number':
      if (!Number.isSafeInteger(id)) throw new RangeError(`Entity id ${id} is not a safe integer.`);
      return;
    case 'string':
      if (utf8Length(id) > ID_BYTES_MAX) {
        throw new RangeError(`Entity id of ${id.length} characters is longer than ${ID_BYTES_MAX} bytes of UTF-8.`);
      }
      if (!isWellFormed(id)) throw new RangeError('An entity id is well-formed text; this one has a lone surrogate.');
      return;
    case 'bigint':
      if (id >= 1n << 1024n || id <= -(1n << 1024n)) throw new RangeError('Entity id has more than 1024 bits.');
      return;
    default:
      throw new TypeError(`An entity id is a number, bigint or string, not ${id === null ? 'null' : typeof id}.`);
  }
}

function utf8Length(text: string): number {
  if (text.length * 3 <= ID_BYTES_MAX) return text.length;
  return new TextEncoder().encode(text).length;
}

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text) || !/\p{Surrogate}/u.test(text);
}
