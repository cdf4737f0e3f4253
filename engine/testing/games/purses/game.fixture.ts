/** Entities that hand things to each other, each exactly once. */
import { defineGame, EngineError, entity, type int32, NodeEntity } from 'skerry';
import { Deed, Purse, Stall } from './contracts.fixture.ts';

interface PurseState {
  coins: number;
  notes: string[];
  heir: number | null;
}

class PurseEntity extends NodeEntity<PurseState> implements Purse {
  override initialState(): PurseState {
    return { coins: 0, notes: [], heir: null };
  }

  async mint(coins: int32): Promise<void> {
    this.state.coins += coins;
    await this.save();
  }

  async coins(): Promise<int32> {
    return this.state.coins;
  }

  async notes(): Promise<string[]> {
    return this.state.notes;
  }

  async pay(to: int32, coins: int32): Promise<void> {
    this.node.getProxy(Purse, to).take(coins);
    // Behind the message, and saved with it all the same.
    this.state.coins -= coins;
  }

  async payAlone(to: int32, coins: int32, ms: int32): Promise<void> {
    this.node.getProxy(Purse, to).takeAlone(coins, ms);
    await this.sleep(ms);
    this.state.coins -= coins;
  }

  async write(to: int32, notes: string[]): Promise<void> {
    const purse = this.node.getProxy(Purse, to);
    for (const note of notes) purse.note(note, this);
  }

  async writeBytes(to: int32, bytes: int32): Promise<string> {
    try {
      this.node.getProxy(Purse, to).fill(new Uint8Array(bytes));
      return 'sent';
    } catch (error) {
      return error instanceof EngineError ? `${error.name} ${error.code}` : String(error);
    }
  }

  async writeDeed(to: int32, note: string): Promise<void> {
    this.node.getProxy(Deed, to).note(note);
  }

  async leaveTo(to: int32): Promise<void> {
    this.state.heir = to;
  }

  take(coins: int32): void {
    this.state.coins += coins;
  }

  async takeAlone(coins: int32, ms: int32): Promise<void> {
    this.state.coins += Math.floor(coins / 2);
    await this.sleep(ms);
    this.state.coins += Math.ceil(coins / 2);
  }

  note(text: string, from: Purse | null): void {
    const { caller } = this.call;
    const who = caller.kind === 'entity' ? `${caller.contract}/${caller.id}` : caller.kind;
    this.state.notes.push(from === null ? text : `${text} of ${who}`);
  }

  fill(bytes: Uint8Array): void {
    this.state.notes.push(`${bytes.length} bytes`);
  }

  stumble(): void {
    this.state.coins += 1;
    throw new Error('stumbled');
  }

  override onDeactivate(): void {
    if (this.state.heir === null) return;
    this.node.getProxy(Purse, this.state.heir).take(1);
    this.state.coins -= 1;
    this.state.heir = null;
  }
}

class DeedEntity extends NodeEntity<{ notes: string[] }> implements Deed {
  override initialState(): { notes: string[] } {
    return { notes: [] };
  }

  note(text: string): void {
    this.state.notes.push(text);
  }

  async notes(): Promise<string[]> {
    return this.state.notes;
  }
}

class StallEntity extends NodeEntity implements Stall {
  async tryPay(to: int32): Promise<string> {
    try {
      this.node.getProxy(Purse, to).take(1);
      return 'sent';
    } catch (error) {
      return String(error);
    }
  }
}

export default defineGame({
  name: 'purses',
  entities: [
    entity(Purse, PurseEntity, { persistent: true, idleTimeout: '10s', state: { autosave: '500ms' } }),
    entity(Deed, DeedEntity, { persistent: true, autoCreate: false }),
    entity(Stall, StallEntity),
  ],
});
