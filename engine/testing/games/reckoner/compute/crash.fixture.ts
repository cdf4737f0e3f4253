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
      setTimeout(() => {
        throw new Error('thrown after the end');
      }, 20);
      return 'done';
  }
  return new Promise(() => setInterval(() => {}, 1000));
}
