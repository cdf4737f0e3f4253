import { type DeactivationReason, defineGame, type EntityId, entity, type int32, NodeEntity } from 'skerry';
import { Mortal, Ticking } from './contracts.fixture.ts';

/** What happened to the entities of this thread, by id. */
export class Chronicle {
  private readonly lines = new Map<EntityId, string[]>();
  private readonly ends = new Map<EntityId, () => void>();

  of(id: EntityId): string[] {
    const lines = this.lines.get(id) ?? [];
    this.lines.set(id, lines);
    return lines;
  }
  /** Waits until `release`, or for ever. */
  hang(id: EntityId): Promise<void> {
    return new Promise((resolve) => this.ends.set(id, resolve));
  }
  release(id: EntityId): void {
    this.ends.get(id)!();
  }
}

export const chronicle = new Chronicle();

export class MortalEntity extends NodeEntity implements Mortal {
  private readonly kind = String(this.id).split(' ')[0];
  private readonly incarnation = this.begin();

  private begin(): number {
    const lines = chronicle.of(this.id);
    const incarnation = lines.filter((line) => line.startsWith('made')).length + 1;
    lines.push(`made ${incarnation}`);
    if (this.kind === 'stillborn' && incarnation === 1) throw new Error('not now');
    return incarnation;
  }
  override initialState(): undefined {
    if (this.kind === 'stateless' && this.incarnation === 1) throw new Error('no state');
  }
  override async onActivate(): Promise<void> {
    if (this.kind === 'endless' && this.incarnation === 1) await chronicle.hang(this.id);
    if (this.kind === 'hesitant' && this.incarnation === 1) await this.node.destroy(Mortal, this.id);
    if (this.kind === 'slow') await chronicle.hang(this.id);
    if (this.kind === 'selfish') await this.node.getProxy(Mortal, this.id).touch();
    if (this.kind === 'mutual') {
      const [, mine, other, ...rest] = String(this.id).split(' ');
      await this.node.getProxy(Mortal, ['mutual', other, mine, ...rest].join(' ')).touch();
    }
    chronicle.of(this.id).push(`active ${this.incarnation}`);
  }
  override async onDeactivate(reason: DeactivationReason): Promise<void> {
    chronicle.of(this.id).push(reason);
    if (this.kind === 'lingering' && this.incarnation === 1) await chronicle.hang(this.id);
  }
  async touch(): Promise<int32> {
    return this.incarnation;
  }
  note(text: string): void {
    chronicle.of(this.id).push(text);
  }
  async nap(ms: number): Promise<number> {
    const from = this.now();
    await this.sleep(ms);
    return this.now() - from;
  }
  async dice(): Promise<number> {
    return this.random();
  }
  async leave(): Promise<boolean> {
    await this.node.getProxy(Mortal, 'plain witness').touch();
    const was = await this.node.destroy(Mortal, this.id);
    chronicle.of(this.id).push('still there');
    return was;
  }
}

export class TickingEntity extends NodeEntity implements Ticking {
  private count = 0;
  tick(): void {
    this.count++;
  }
  async ticks(): Promise<int32> {
    return this.count;
  }
}

/** Lives, their beginnings and their ends. */
export default defineGame({
  name: 'mortals',
  entities: [
    entity(Mortal, MortalEntity, { idleTimeout: '10s' }),
    entity(Ticking, TickingEntity, { idleTimeout: '10s', tasks: { tick: { every: '1s' } } }),
  ],
});
