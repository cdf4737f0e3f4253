import { fileURLToPath } from 'node:url';
import { buildGame } from '../codegen/build.ts';
import type { Contract } from '../engine/contract/contract.ts';
import type { Generated } from '../engine/contract/generated.ts';
import { startHost } from '../engine/host/embed.ts';
import type { Host } from '../engine/host/host-options.ts';
import type { Driver, Target } from './games/ping/contracts.ts';
import { TARGETS } from './yardsticks/targets.ts';

const GAME = fileURLToPath(new URL('../../benchmarks/games/ping/game.ts', import.meta.url));

/** Contracts of the benchmark game. */
export interface PingContracts {
  readonly Driver: Contract<Driver>;
  readonly Target: Contract<Target>;
}

/** A host as users start it, with the game that calls are measured with, and drivers that call from inside of it. */
export class PingHost {
  readonly host: Host;
  private readonly contracts: PingContracts;

  private constructor(host: Host, contracts: PingContracts) {
    this.host = host;
    this.contracts = contracts;
  }

  static async start(workers: number): Promise<PingHost> {
    const options = { port: 0, address: '127.0.0.1', adminPort: 0, store: 'memory', logLevel: 'warn' };
    return new PingHost(await startHost({ ...options, game: GAME, workers }), await pingContracts());
  }

  /** A driver that lives on node `callers` and calls 1000 targets that live on node `callees`. */
  async driverOn(callers: number, callees: number): Promise<Driver> {
    // Drivers of different pairs are different entities: each keeps proxies of its own.
    const id = await this.idOn(this.contracts.Driver, callers, 1 + callees * 1_000_000);
    const ids: number[] = [];
    for (let next = 0; ids.length < TARGETS; next = ids.at(-1)! + 1) {
      ids.push(await this.idOn(this.contracts.Target, callees, next));
    }
    const driver = this.driver(id);
    await driver.aim(ids);
    return driver;
  }

  driver(id: number): Driver {
    return this.host.getProxy(this.contracts.Driver, id);
  }

  target(id: number): Target {
    return this.host.getProxy(this.contracts.Target, id);
  }

  stop(): Promise<void> {
    return this.host.stop();
  }

  /** The first id from `id` on that lives on this node. */
  private async idOn(contract: Contract<any>, node: number, id: number): Promise<number> {
    while ((await this.host.locate(contract, id)).node !== node) id++;
    return id;
  }
}

/** The game and what the generator made of it, as URLs. */
export const builtPing = (): Promise<{ game: string; generated: string }> => buildGame(GAME);

/** What the generator made of the game. */
export async function pingGame(): Promise<{ generated: Generated }> {
  const built = await buildGame(GAME);
  return import(built.generated);
}

export async function pingContracts(): Promise<PingContracts> {
  const { generated } = await pingGame();
  const contractOf = (name: string): Contract<any> =>
    generated.contracts.find(({ contract }) => contract.name === name)!.contract;
  return { Driver: contractOf('Driver'), Target: contractOf('Target') };
}
