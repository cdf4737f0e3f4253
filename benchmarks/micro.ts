import { Bench } from 'tinybench';

/**
 * Operations per second of `run`, which does `operations` of them: so many that a look at the clock does not count. The mean, so
 * that the garbage that an operation leaves is paid by it.
 */
export async function operationsPerSecond(run: () => void, operations: number, ms: number): Promise<number> {
  const bench = new Bench({ time: ms, warmupTime: ms / 5, iterations: 1, warmupIterations: 1 });
  bench.add('operation', run);
  const [task] = await bench.run();
  const result = task!.result;
  if (result.state !== 'completed') throw new Error(`A benchmark ended as '${result.state}'.`, { cause: result });
  return (operations / result.latency.mean) * 1000;
}
