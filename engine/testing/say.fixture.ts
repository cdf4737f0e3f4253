import { writeSync } from 'node:fs';

const STILL = new Int32Array(new SharedArrayBuffer(4));

/** A line on stdout that has left before the next line of code runs, whatever then becomes of this process. Waits for a reader that is behind. */
export function say(line: string): void {
  let bytes: Uint8Array = Buffer.from(`${line}\n`);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(STILL, 0, 0, 1);
    }
  }
}
