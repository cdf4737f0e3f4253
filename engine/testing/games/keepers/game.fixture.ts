/** Entities with state that survives. */
import { defineGame, EngineError, entity, type int32, NodeEntity } from 'skerry';
import { Deed, Guest, Relic, Vault } from './contracts.fixture.ts';

interface VaultState {
  coins: number;
  things: Map<string, unknown>;
}

class VaultEntity extends NodeEntity<VaultState> implements Vault {
  override initialState(): VaultState {
    return { coins: 0, things: new Map() };
  }

  async add(coins: int32): Promise<int32> {
    this.state.coins += coins;
    return this.state.coins;
  }

  async deposit(coins: int32): Promise<int32> {
    this.state.coins += coins;
    const { coins: now } = this.state;
    // What a torn record would not have.
    this.state.things.set('mirror', now);
    await this.save();
    return now;
  }

  async coins(): Promise<int32> {
    return this.state.coins;
  }

  async slowly(coins: int32, ms: int32): Promise<int32> {
    this.state.coins += coins;
    await this.sleep(ms);
    this.state.coins += coins;
    return this.state.coins;
  }

  alone(coins: int32, ms: int32): Promise<int32> {
    return this.slowly(coins, ms);
  }

  async put(name: string, value: unknown): Promise<void> {
    this.state.things.set(name, value);
  }

  async get(name: string): Promise<unknown> {
    return this.state.things.get(name) ?? null;
  }

  async fill(bytes: int32): Promise<void> {
    this.state.things.set('filling', new Uint8Array(bytes));
  }

  async spoil(isSpoilt: boolean): Promise<void> {
    if (isSpoilt) this.state.things.set('spoilt', () => {});
    else this.state.things.delete('spoilt');
  }

  trySave(): Promise<string> {
    return outcomeOf(this.save());
  }

  override async onDeactivate(reason: string): Promise<void> {
    if (this.id === 'counts its ends') this.state.things.set('last end', reason);
  }
}

class DeedEntity extends NodeEntity<{ owner: string }> implements Deed {
  override initialState(): { owner: string } {
    return { owner: 'nobody' };
  }

  async owner(): Promise<string> {
    return this.state.owner;
  }

  async sell(owner: string): Promise<void> {
    this.state.owner = owner;
  }
}

/** Version 1 was a string, version 2 an object with one name. */
class RelicEntity extends NodeEntity<{ names: string[] }> implements Relic {
  override initialState(): { names: string[] } {
    return { names: [] };
  }

  async names(): Promise<string[]> {
    return this.state.names;
  }

  async rename(name: string): Promise<void> {
    this.state.names.push(name);
  }
}

function migrateRelic(old: any, fromVersion: number): { names: string[] } {
  if (old === 'breaks') throw new Error('nobody knows what this was');
  const second: { name: string } = fromVersion < 2 ? { name: old } : old;
  return { names: [second.name] };
}

class GuestEntity extends NodeEntity<{ visits: number }> implements Guest {
  override initialState(): { visits: number } {
    return { visits: 0 };
  }

  async count(): Promise<int32> {
    return ++this.state.visits;
  }

  trySave(): Promise<string> {
    return outcomeOf(this.save());
  }
}

async function outcomeOf(saved: Promise<void>): Promise<string> {
  try {
    await saved;
    return 'saved';
  } catch (error) {
    return error instanceof EngineError ? `${error.name} ${error.code} ${error.outcome}` : String(error);
  }
}

export default defineGame({
  name: 'keepers',
  entities: [
    entity(Vault, VaultEntity, { persistent: true, idleTimeout: '10s' }),
    entity(Deed, DeedEntity, { persistent: true, autoCreate: false, idleTimeout: '10s', state: { autosave: '100ms' } }),
    entity(Relic, RelicEntity, { persistent: true, state: { version: 3, migrate: migrateRelic } }),
    entity(Guest, GuestEntity),
  ],
});
