import { DeadlockError, type int32, NodeEntity } from 'skerry';
import { Account, type Tally, type Teller } from './contracts.ts';

export class TellerEntity extends NodeEntity implements Teller {
  async work(ms: int32, accounts: int32, atOnce: int32): Promise<Tally> {
    const tally: Tally = { transfers: 0, deadlocks: 0, failures: new Map() };
    const until = this.now() + ms;
    await Promise.all(Array.from({ length: atOnce }, () => this.moveMoney(until, accounts, tally)));
    return tally;
  }

  private async moveMoney(until: number, accounts: number, tally: Tally): Promise<void> {
    while (this.now() < until) {
      const from = Math.floor(this.random() * accounts);
      const to = (from + 1 + Math.floor(this.random() * (accounts - 1))) % accounts;
      const amount = 1 + Math.floor(this.random() * 10);
      await this.transfer(from, to, amount, tally);
    }
  }

  private async transfer(from: number, to: number, amount: number, tally: Tally): Promise<void> {
    for (;;) {
      try {
        await this.node.getProxy(Account, from).transfer(to, amount);
        tally.transfers++;
        return;
      } catch (error) {
        if (error instanceof DeadlockError) {
          // The other side goes on, so there is no need to wait before the next try.
          tally.deadlocks++;
          continue;
        }
        const { name, code } = error as { name: string; code?: string };
        const what = code ?? name;
        tally.failures.set(what, (tally.failures.get(what) ?? 0) + 1);
        return;
      }
    }
  }
}
