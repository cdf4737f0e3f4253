/// <reference lib="es2024.sharedmemory" />
/** The primitive that sleeping nodes are woken with, alone: a word that `Atomics.waitAsync` waits for, there and back. */
import { afterSilence } from '../games/ping/load.ts';
import { offer, side } from './pair.ts';

const ASKED = 0;
const ANSWERED = 64;
const A = 1;
const B = 2;
const SUM = 65;

const { role, memory } = side();
const words = new Int32Array(memory);

async function change(word: number, from: number): Promise<void> {
  while (Atomics.load(words, word) === from) {
    const wait = Atomics.waitAsync(words, word, from);
    if (wait.async) await wait.value;
  }
}

function next(word: number): void {
  Atomics.add(words, word, 1);
  Atomics.notify(words, word);
}

if (role === 'callee') {
  offer({});
  for (;;) {
    await change(ASKED, Atomics.load(words, ANSWERED));
    words[SUM] = words[A]! + words[B]!;
    next(ANSWERED);
  }
} else {
  const ping = async (_target: number, a: number, b: number): Promise<number> => {
    const answered = Atomics.load(words, ANSWERED);
    words[A] = a;
    words[B] = b;
    next(ASKED);
    await change(ANSWERED, answered);
    return words[SUM]!;
  };
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  offer({ wake: (silenceMs, calls) => afterSilence(() => pause(silenceMs!), ping, calls!) });
}
