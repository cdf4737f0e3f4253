/** Entities whose state is saved: what the store benchmarks run. */
import { defineGame, entity, type int32, NodeEntity } from 'skerry';
import { Account } from './contracts.ts';

const BYTES = 480;

class AccountEntity extends NodeEntity<{ coins: number; history: Uint8Array }> implements Account {
  override initialState(): { coins: number; history: Uint8Array } {
    return { coins: 0, history: new Uint8Array(BYTES) };
  }

  async deposit(coins: int32): Promise<int32> {
    this.state.coins += coins;
    const { coins: now } = this.state;
    await this.save();
    return now;
  }

  async add(coins: int32): Promise<int32> {
    this.state.coins += coins;
    return this.state.coins;
  }
}

export default defineGame({
  name: 'store-benchmark',
  entities: [entity(Account, AccountEntity, { persistent: true, idleTimeout: 'never', state: { autosave: '10ms' } })],
});
