/** What the tests of `startCluster` play. */
import { readFile } from 'node:fs/promises';
import { defineGame, entity, GameError, type int32, NodeEntity } from 'skerry';
import { Bell, Hero, HeroView } from './contracts.fixture.ts';

export class HeroEntity extends NodeEntity<{ hp: number }> implements Hero {
  readonly woundedBy: number[] = [];
  memory = 0;

  override initialState(): { hp: number } {
    return { hp: 100 };
  }

  async hit(damage: int32): Promise<int32> {
    this.state.hp -= damage;
    const { caller } = this.call;
    if (caller.kind === 'client') this.node.getClientProxy(HeroView, caller.principal.id).hurt(this.state.hp);
    this.log.info({ damage }, 'hit');
    return this.state.hp;
  }

  async rest(): Promise<int32> {
    await this.sleep('10s');
    this.state.hp += 10;
    return this.state.hp;
  }

  async hp(): Promise<int32> {
    return this.state.hp;
  }

  attack(other: int32, damage: int32): void {
    this.node.getProxy(Hero, other).wounded(damage);
  }

  wounded(damage: int32): void {
    this.woundedBy.push(damage);
  }

  stumble(): void {
    throw new GameError('stumbled');
  }

  async dice(count: int32): Promise<number[]> {
    return Array.from({ length: count }, () => this.random());
  }

  restOf(other: int32): Promise<int32> {
    return this.node.getProxy(Hero, other).rest();
  }

  async remember(): Promise<int32> {
    this.memory = (await readFile(import.meta.filename)).length;
    return this.memory;
  }

  spin(): void {
    this.node.getProxy(Hero, this.id).spin();
  }

  patrol(other: int32): void {
    const walk = async (): Promise<void> => {
      for (;;) {
        await this.sleep('100ms');
        await this.node.getProxy(Hero, other).hit(1);
        await this.node.getProxy(Hero, other).rest();
      }
    };
    void walk();
  }

  async greet(name: string): Promise<string> {
    return this.node.getClientProxy(HeroView, name).ask(`How are you, ${name}?`);
  }

  override async onDeactivate(reason: string): Promise<void> {
    this.log.info({ reason }, 'gone');
    if (this.id !== 404) return;
    await readFile(import.meta.filename);
    this.log.info({}, 'left slowly');
  }
}

export class BellEntity extends NodeEntity implements Bell {
  readonly #strikes: number[] = [];

  async strikes(): Promise<number[]> {
    return this.#strikes;
  }

  strike(): void {
    this.#strikes.push(this.now());
  }
}

export default defineGame({
  name: 'heroes',
  entities: [
    entity(Hero, HeroEntity, { idleTimeout: '1m' }),
    entity(Bell, BellEntity, { tasks: { strike: { every: '1s' } }, idleTimeout: 'never' }),
  ],
  gateway: {
    authenticate(ticket) {
      const { name } = (ticket ?? {}) as { name?: string };
      if (name === undefined) throw new GameError('name');
      return { id: name };
    },
  },
  async onStart(node) {
    const flags = process.argv.slice(process.argv.indexOf('--') + 1);
    if (flags.includes('--refuse')) throw new Error('not today');
    if (flags.includes('--hit')) await node.getProxy(Hero, 1).hit(1);
  },
});
