import { defineGame, entity, type int32, NodeEntity } from 'skerry';
import { type Message, Receiver, Sender, type Step } from './contracts.fixture.ts';
import { send } from './script.fixture.ts';

class SenderEntity extends NodeEntity implements Sender {
  run(script: Step[]): Promise<int32> {
    return send(this.node, String(this.id), script);
  }
}

/** What became of the activations of a receiver on this thread. */
const tries = new Map<string, number>();
/** What receivers of this thread got, in whatever activation. */
const journals = new Map<string, Message[]>();

class ReceiverEntity extends NodeEntity implements Receiver {
  private get messages(): Message[] {
    const id = String(this.id);
    let journal = journals.get(id);
    if (journal === undefined) {
      journal = [];
      journals.set(id, journal);
    }
    return journal;
  }

  override onActivate(): void | Promise<void> {
    const id = String(this.id);
    const tried = (tries.get(id) ?? 0) + 1;
    tries.set(id, tried);
    const fails = id.includes('fails') && tried <= 2;
    if (id.includes('slow')) return this.wake(fails);
    if (fails) throw new Error('not yet');
  }
  private async wake(fails: boolean): Promise<void> {
    await this.sleep(this.random() * 3);
    if (fails) throw new Error('not yet');
  }
  oneWay(message: Message): void {
    this.messages.push(message);
  }
  async request(message: Message): Promise<int32> {
    this.messages.push(message);
    if (this.random() < 0.2) await this.sleep(1);
    return message.sequence;
  }
  async locked(message: Message): Promise<void> {
    this.messages.push(message);
    if (this.random() < 0.5) await this.sleep(1);
  }
  async single(message: Message): Promise<void> {
    this.messages.push(message);
    if (this.random() < 0.5) await null;
  }
  async reliable(message: Message): Promise<void> {
    this.messages.push(message);
    if (this.random() < 0.2) await null;
  }
  async mark(): Promise<void> {}
  async received(): Promise<Message[]> {
    return this.messages;
  }
}

export { send };

/** Who sends what to whom in which order. */
export default defineGame({
  name: 'order',
  entities: [entity(Receiver, ReceiverEntity, { idleTimeout: 'never' }), entity(Sender, SenderEntity)],
});
