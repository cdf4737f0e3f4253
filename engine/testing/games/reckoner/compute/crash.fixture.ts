/** Takes its thread with it. */
export default async function crash(how: string): Promise<unknown> {
  switch (how) {
    case 'exit':
      process.exit(3);
      break;
    case 'callback':
      setTimeout(() => {
        throw new Error('thrown by a callback');
      });
      break;
    case 'rejection':
      void Promise.reject(new Error('rejected, and nobody handled it'));
      break;
    case 'memory': {
      const held: number[][] = [];
      for (;;) held.push(Array.from({ length: 1000 }, (_, i) => i + Math.random()));
    }
    case 'afterwards':
      // When the test says so: its call has its answer by then.
      new BroadcastChannel('crash afterwards').onmessage = () => {
        throw new Error('thrown after the end');
      };
      return 'done';
  }
  return new Promise(() => setInterval(() => {}, 1000));
}
