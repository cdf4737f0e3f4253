/** A program that embeds a host; the tests run it in a process of its own, which must end by itself. */
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Careless } from '../testing/games/careless/contracts.fixture.ts';
import { startHost } from './embed.ts';
import type { HostOptions } from './host-options.ts';

const options: HostOptions = {
  game: gameFile('careless'),
  workers: 2,
  port: 0,
  adminPort: 0,
  store: 'memory',
  logFormat: 'json',
};

const programs: Record<string, () => Promise<void>> = {
  /** Lets the game make all its mistakes, and calls it once more. */
  async mistakes() {
    await using host = await startHost(options);
    const write = process.stdout.write.bind(process.stdout);
    await new Promise<void>((resolve) => {
      process.stdout.write = ((chunk: string) => {
        if (String(chunk).includes('still here')) resolve();
        return write(chunk);
      }) as typeof process.stdout.write;
    });
    for (const id of ['first', 'second']) await host.getProxy(Careless, id).forgetOwn();
  },
  async broken() {
    const host = await startHost({ ...options, gameArgs: ['--break'] });
    const { failed } = host as unknown as { failed: Promise<Error> };
    await failed;
    await host.stop();
    console.log('stopped');
  },
  async brief() {
    await using _host = await startHost(options);
    process.exitCode = 3;
  },
  async misled() {
    for (const wrong of [
      { workers: 0 },
      { workres: 2 },
      { port: 'x' },
      { game: './nowhere.ts' },
      { logLevel: 'loud' },
    ]) {
      await startHost({ ...options, ...wrong } as HostOptions).catch((error) => console.log(error.message));
    }
  },
};

await programs[process.argv[2]!]!();
