import { GameError, type int32, NodeEntity } from 'skerry';
import { Account } from './contracts.ts';

/** What every account begins with. */
export const OPENING_BALANCE = 1000;

export class AccountEntity extends NodeEntity implements Account {
  private money = OPENING_BALANCE;

  async transfer(to: int32, amount: int32): Promise<void> {
    if (amount > this.money) throw new GameError('not-enough-money');
    this.money -= amount;
    try {
      await this.node.getProxy(Account, to).deposit(amount);
    } catch (error) {
      // A deposit that waits in a circle is refused before it runs: the money is still ours.
      this.money += amount;
      throw error;
    }
  }

  async deposit(amount: int32): Promise<void> {
    this.money += amount;
  }

  async balance(): Promise<int32> {
    return this.money;
  }
}
