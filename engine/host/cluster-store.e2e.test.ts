import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Vault } from '../testing/games/keepers/contracts.fixture.ts';
import { NatsServer } from '../testing/nats-server.fixture.ts';
import { startHost } from './embed.ts';

const test = (needsProgram('nats') ? anyTest : anyTest.skip) as TestFn;
const VAULTS = 20;

/** A host in a process of its own, that adds to its vaults until it is killed. */
class Depositor {
  private readonly child;
  /** What was acknowledged so far, by vault. */
  readonly saved = new Array<number>(VAULTS).fill(0);
  private rest = '';
  private wrong = '';
  private hear: () => void = () => {};

  constructor(t: ExecutionContext, options: object, vaults = VAULTS) {
    const peer = fileURLToPath(new URL('./kept.peer.js', import.meta.url));
    this.child = spawn(process.execPath, [peer, String(vaults), JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      // Line by line, or it would stand before a pipe that is full.
      const lines = (this.rest + text).split('\n');
      this.rest = lines.pop()!;
      for (const line of lines) {
        const [word, id, coins] = line.split(' ');
        if (word === 'saved') this.saved[Number(id)] = Number(coins);
      }
      this.hear();
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.wrong += text;
    });
    this.child.once('exit', () => this.hear());
    t.teardown(() => this.child.kill('SIGKILL'));
  }

  async until(isEnough: (saved: number[]) => boolean): Promise<void> {
    while (!isEnough(this.saved)) {
      if (this.child.exitCode !== null) throw new Error(`The host ended: ${this.wrong}`);
      await new Promise<void>((resolve) => {
        this.hear = resolve;
      });
    }
  }

  async kill(): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await closed;
  }
}

test.serial('a host that is killed: its persistent entities go on elsewhere, with what was acknowledged', async (t) => {
  t.timeout(120_000);
  const server = await NatsServer.start();
  t.teardown(() => server.dispose());
  const cluster = { nats: server.url, leaseProfile: 'lan' } as const;
  const depositor = new Depositor(t, { ...cluster, hostId: 'b' });
  await depositor.until((saved) => saved.every((coins) => coins > 0));
  const own = { game: gameFile('keepers'), workers: 2, port: 0, adminPort: 0, logLevel: 'silent', hostId: 'a' };
  const host = await startHost({ ...own, ...cluster });
  t.teardown(() => host.stop());
  const before = [...depositor.saved];
  await depositor.until((saved) => saved.some((coins, id) => coins > before[id]! + 5));
  await depositor.kill();
  const { saved } = depositor;
  for (let id = 0; id < VAULTS; id++) {
    const vault = host.getProxy(Vault, id);
    for (;;) {
      try {
        const coins = await vault.coins();
        // One more may have been saved without having been told.
        t.true(coins === saved[id] || coins === saved[id]! + 1, `vault ${id}: ${coins}, saved ${saved[id]}`);
        t.is(await vault.deposit(1), coins + 1);
        t.is((await host.locate(Vault, id)).host, 'a');
        break;
      } catch (error) {
        t.regex((error as { code: string }).code, /^(?:no-owner|node-lost|fenced|timeout)$/, String(error));
      }
    }
  }
});

test.serial(
  'a host that is killed and whose store is its own: its entities are not begun anew elsewhere, and come back with it',
  async (t) => {
    t.timeout(180_000);
    const server = await NatsServer.start();
    t.teardown(() => server.dispose());
    const folder = mkdtempSync(join(tmpdir(), 'skerry-bound-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const cluster = { nats: server.url, leaseProfile: 'lan', store: 'lmdb' } as const;
    const bound = { ...cluster, hostId: 'b', data: join(folder, 'b') };
    const depositor = new Depositor(t, bound);
    await depositor.until((saved) => saved.every((coins) => coins > 0));
    const host = await startHost({
      ...cluster,
      game: gameFile('keepers'),
      workers: 1,
      port: 0,
      adminPort: 0,
      logLevel: 'silent',
      hostId: 'a',
      data: join(folder, 'a'),
    });
    t.teardown(() => host.stop());
    const vaults = Array.from({ length: VAULTS }, (_, id) => host.getProxy(Vault, id));
    for (const vault of vaults) t.true((await vault.coins()) > 0);
    await depositor.kill();
    const { saved } = depositor;
    const until = async <T>(vault: Vault, wanted: RegExp): Promise<T> => {
      for (;;) {
        const outcome = await vault.coins().then(
          (coins) => ({ code: 'served', coins }),
          ({ code }: { code: string }) => ({ code, coins: -1 }),
        );
        if (wanted.test(outcome.code)) return outcome.coins as T;
        t.regex(outcome.code, /^(?:no-owner|node-lost|fenced|timeout|store-host-down)$/);
      }
    };
    for (const vault of vaults) await until(vault, /^store-host-down$/);
    // Slots without records have gone over as always.
    const slots = new Set(await Promise.all(vaults.map(async (_, id) => (await host.locate(Vault, id)).slot)));
    let other = VAULTS;
    while (slots.has((await host.locate(Vault, other)).slot)) other++;
    t.is(await host.getProxy(Vault, other).deposit(3), 3);

    // With the same folder it gets its slots back.
    const again = new Depositor(t, bound, 0);
    for (const [id, vault] of vaults.entries()) {
      const coins = await until<number>(vault, /^served$/);
      t.true(coins >= saved[id]!, `vault ${id}: ${coins}, saved ${saved[id]}`);
      t.is((await host.locate(Vault, id)).host, 'b');
    }
    await again.kill();
  },
);
