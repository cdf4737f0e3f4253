import { type DeactivationReason, type int32, NodeEntity } from 'skerry';
import { type Brittle, Gate, type Made, Member, Party, type Small } from './contracts.fixture.ts';
import { journals } from './journals.fixture.ts';

export class MadeEntity extends NodeEntity<unknown> implements Made {
  override initialState(): unknown {
    return 'initial';
  }
  override onActivate(): void {
    journals.of('Made', this.id).push(`activated with ${JSON.stringify(this.state)}`);
  }
  override async onDeactivate(reason: DeactivationReason): Promise<void> {
    journals.of('Made', this.id).push(`leaving: ${reason}`);
    if (String(this.id).startsWith('gated')) await this.node.getProxy(Gate, 0).pass(`leave ${this.id}`);
    journals.of('Made', this.id).push(`left: ${reason}`);
  }
  async read(): Promise<unknown> {
    return this.state;
  }
  async write(value: unknown): Promise<void> {
    this.state = value;
  }
  async hold(gate: string): Promise<void> {
    await this.node.getProxy(Gate, 0).pass(gate);
  }
}

/** How often the activation of an id was tried on this thread. */
const tries = new Map<string, number>();

export class BrittleEntity extends NodeEntity implements Brittle {
  override onActivate(): void | Promise<void> {
    const [name, failures = '0', gated] = String(this.id).split(':');
    const tried = (tries.get(String(this.id)) ?? 0) + 1;
    tries.set(String(this.id), tried);
    journals.of('Brittle', this.id).push(`try ${tried}`);
    if (gated !== undefined) return this.pass(`${name} ${tried}`, tried <= Number(failures));
    if (tried <= Number(failures)) throw new Error('cannot live');
  }
  private async pass(gate: string, fails: boolean): Promise<void> {
    await this.node.getProxy(Gate, 0).pass(gate);
    if (fails) throw new Error('cannot live');
  }
  override async onDeactivate(reason: DeactivationReason): Promise<void> {
    journals.of('Brittle', this.id).push(reason);
    throw new Error('cannot leave either');
  }
  note(text: string): void {
    journals.of('Brittle', this.id).push(text);
  }
  async journal(): Promise<string[]> {
    // A copy: the result is encoded when the promise is fulfilled, and slices of later operations may run before that.
    return [...journals.of('Brittle', this.id)];
  }
  async leaving(): Promise<void> {}
}

export class SmallEntity extends NodeEntity implements Small {
  private total = 0;
  async hold(gate: string): Promise<void> {
    await this.node.getProxy(Gate, 0).pass(gate);
  }
  async add(n: int32): Promise<int32> {
    this.total += n;
    return this.total;
  }
  note(): void {
    this.total++;
  }
}

export class PartyEntity extends NodeEntity implements Party {
  async where(): Promise<int32> {
    return (await this.node.locate(Party, this.id)).node;
  }
}
export class MemberEntity extends NodeEntity implements Member {
  async where(): Promise<int32> {
    return (await this.node.locate(Member, this.id)).node;
  }
}
