/**
 * A host that is to be killed: says what its vaults held when it began, then adds to them as fast as they are saved, and says what was
 * acknowledged. Lines on stdout: `had ID COINS MIRROR`, `begun`, `saved ID COINS`.
 */
import { writeSync } from 'node:fs';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Vault } from '../testing/games/keepers/contracts.fixture.ts';
import { startHost } from './embed.ts';

function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      // The pipe is full: whoever reads it is busy.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(NEVER, 0, 0, 1);
    }
  }
}

const NEVER = new Int32Array(new SharedArrayBuffer(4));
const [, , vaults, ...options] = process.argv;
const host = await startHost({
  game: gameFile('keepers'),
  workers: 2,
  port: 0,
  adminPort: 0,
  logLevel: 'error',
  ...JSON.parse(options[0]!),
});
const all = Array.from({ length: Number(vaults) }, (_, id) => host.getProxy(Vault, id));
for (const [id, vault] of all.entries()) say(`had ${id} ${await vault.coins()} ${await vault.get('mirror')}`);
say('begun');
for (const [id, vault] of all.entries()) {
  const work = async (): Promise<void> => {
    for (;;) say(`saved ${id} ${await vault.deposit(1)}`);
  };
  void work();
}
