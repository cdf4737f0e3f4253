/** A whole number from 0 to `count` - 1 that is not `excluded`; `dice` is in [0, 1). */
export function randomIdExcluding(count: number, excluded: unknown, dice: number): number {
  const inside = typeof excluded === 'number' && Number.isInteger(excluded) && excluded >= 0 && excluded < count;
  if (!inside) return Math.floor(dice * count);
  // One id fewer to choose from; those from the excluded one on move up by one.
  const id = Math.floor(dice * (count - 1));
  return id < excluded ? id : id + 1;
}
