/** The load that every contestant gets, the engine and its yardsticks alike: the same loops over different ways to call. */

/** Calls target number `target` with two numbers; the reply is their sum. */
export type Ping = (target: number, a: number, b: number) => Promise<number>;
export type Tell = (target: number, a: number, b: number) => void;
/** How many messages target number `target` got since it was asked last. */
export type Told = (target: number) => Promise<number>;

export interface Load {
  ms: number;
  p50Us: number;
  p99Us: number;
}

/** One-way messages that a sender has on the way at most. */
export const WINDOW = 256;

/** `outstanding` callers make `calls` calls in all, each waiting for its reply before its next. Latencies for one caller only. */
export async function drive(ping: Ping, targets: number, outstanding: number, calls: number): Promise<Load> {
  const latencies = outstanding === 1 ? new Float64Array(calls) : undefined;
  let left = calls;
  async function caller(first: number): Promise<void> {
    let target = first % targets;
    while (left > 0) {
      const a = --left;
      target = target + 1 === targets ? 0 : target + 1;
      if ((await ping(target, a, 7)) !== a + 7) throw new Error(`A wrong reply to ${a} + 7.`);
    }
  }
  async function timedCaller(): Promise<void> {
    let target = 0;
    while (left > 0) {
      const a = --left;
      target = target + 1 === targets ? 0 : target + 1;
      const from = performance.now();
      if ((await ping(target, a, 7)) !== a + 7) throw new Error(`A wrong reply to ${a} + 7.`);
      latencies![a] = performance.now() - from;
    }
  }
  const from = performance.now();
  if (latencies !== undefined) await timedCaller();
  else await Promise.all(Array.from({ length: outstanding }, (_, i) => caller(i * 7)));
  return { ms: performance.now() - from, ...percentiles(latencies) };
}

/** `senders` senders, each with one target and WINDOW messages on the way; resolves when all have arrived, and counts them. */
export async function flood(tell: Tell, told: Told, senders: number, messages: number): Promise<Load> {
  let windows = Math.ceil(messages / WINDOW);
  async function sender(target: number): Promise<void> {
    while (windows > 0) {
      windows--;
      for (let i = 0; i < WINDOW; i++) tell(target, i, 7);
      const arrived = await told(target);
      if (arrived !== WINDOW) throw new Error(`${arrived} of ${WINDOW} messages arrived.`);
    }
  }
  const from = performance.now();
  await Promise.all(Array.from({ length: senders }, (_, i) => sender(i)));
  return { ms: performance.now() - from, ...percentiles(undefined) };
}

/** Messages that `flood` really sends. */
export const flooded = (messages: number): number => Math.ceil(messages / WINDOW) * WINDOW;

/** Single calls, each after `silence`. */
export async function afterSilence(silence: () => Promise<void>, ping: Ping, calls: number): Promise<Load> {
  const latencies = new Float64Array(calls);
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    await silence();
    const from = performance.now();
    if ((await ping(i % 10, i, 7)) !== i + 7) throw new Error(`A wrong reply to ${i} + 7.`);
    latencies[i] = performance.now() - from;
  }
  return { ms: performance.now() - start, ...percentiles(latencies) };
}

function percentiles(latencies: Float64Array | undefined): { p50Us: number; p99Us: number } {
  if (latencies === undefined || latencies.length === 0) return { p50Us: 0, p99Us: 0 };
  latencies.sort();
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!;
  return { p50Us: at(0.5) * 1000, p99Us: at(0.99) * 1000 };
}
