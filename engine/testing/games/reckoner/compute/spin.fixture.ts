/** Keeps its thread busy so many milliseconds; for ever when there are none. */
export default function spin(ms: number | undefined): number {
  const begin = performance.now();
  while (ms === undefined || performance.now() - begin < ms);
  return ms;
}
