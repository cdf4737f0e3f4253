import { fileURLToPath } from 'node:url';
import { buildGame } from '../codegen/build.ts';
import type { Contract } from '../engine/contract/contract.ts';
import type { Generated } from '../engine/contract/generated.ts';
import { startHost } from '../engine/host/embed.ts';
import type { Host } from '../engine/host/host-options.ts';
import type { Rush } from './games/rush/contracts.ts';

const GAME = fileURLToPath(new URL('../../benchmarks/games/rush/game.ts', import.meta.url));
const MILLS = 100;

/** Two nodes: a rush on the first calls mills on the second. */
export class RushHost {
  readonly host: Host;
  /** Two, so that one may be busy with what disturbs the other. */
  readonly rushes: readonly Rush[];

  private constructor(host: Host, rushes: readonly Rush[]) {
    this.host = host;
    this.rushes = rushes;
  }

  static async start(): Promise<RushHost> {
    const options = { port: 0, address: '127.0.0.1', adminPort: 0, store: 'memory', logLevel: 'warn' };
    const host = await startHost({ ...options, game: GAME, workers: 2 });
    const { generated } = (await import((await buildGame(GAME)).generated)) as { generated: Generated };
    const named = (name: string): Contract<any> =>
      generated.contracts.find(({ contract }) => contract.name === name)!.contract;
    const mills = await idsOn(host, named('Mill'), 1, MILLS);
    const rushes: Rush[] = (await idsOn(host, named('Rush'), 0, 2)).map((id) => host.getProxy(named('Rush'), id));
    for (const rush of rushes) await rush.aim(mills);
    return new RushHost(host, rushes);
  }

  stop(): Promise<void> {
    return this.host.stop();
  }
}

async function idsOn(host: Host, contract: Contract<any>, node: number, count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let id = 0; ids.length < count; id++) if ((await host.locate(contract, id)).node === node) ids.push(id);
  return ids;
}
