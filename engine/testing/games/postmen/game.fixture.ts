/** What the tests of several hosts play: entities that talk to clients and to each other, wherever those are. */
import { defineGame, entity, GameError, type int32, NodeEntity } from 'skerry';
import { Inbox, Postman } from './contracts.fixture.ts';

export class PostmanEntity extends NodeEntity implements Postman {
  #client: Inbox | undefined;
  #givenUp = 0;
  #gathered: (() => void)[] = [];

  tell(to: string, text: string): void {
    this.node.getClientProxy(Inbox, to).letter(text);
  }

  show(to: string, text: string): void {
    this.node.getClientProxy(Inbox, to).sight(text);
  }

  ask(to: string, question: string): Promise<string> {
    return this.node.getClientProxy(Inbox, to).question(question);
  }

  askBack(question: string): Promise<string> {
    this.#client = this.call.client!.getProxy(Inbox);
    return this.#client.question(question);
  }

  askAgain(question: string): Promise<string> {
    return this.#client!.question(question);
  }

  async tellAgain(text: string): Promise<void> {
    this.#client!.letter(text);
  }

  enlist(group: string, who: string): Promise<void> {
    return this.node.group(Inbox, group).add(who);
  }

  dismiss(group: string, who: string): Promise<void> {
    return this.node.group(Inbox, group).remove(who);
  }

  shout(group: string, text: string): void {
    this.node.group(Inbox, group).proxy.letter(text);
  }

  enlistAndShout(group: string, who: string, text: string): void {
    const { add, proxy } = this.node.group(Inbox, group);
    void add(who);
    proxy.letter(text);
  }

  async where(): Promise<string> {
    return (await this.node.locate(Postman, this.id)).host;
  }

  async everybody(): Promise<int32[]> {
    const ids: int32[] = [];
    for await (const id of this.node.list(Postman)) ids.push(id as int32);
    return ids;
  }

  waitForEver(): Promise<void> {
    const { signal } = this.call;
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        this.#givenUp++;
        reject(signal.reason);
      });
    });
  }

  async givenUp(): Promise<int32> {
    return this.#givenUp;
  }

  async grasp(other: int32, place: int32, count: int32): Promise<string> {
    await this.node.getProxy(Postman, place).gather(count);
    return this.node.getProxy(Postman, other).touch();
  }

  gather(count: int32): Promise<void> {
    return new Promise((resolve) => {
      this.#gathered.push(resolve);
      if (this.#gathered.length < count) return;
      for (const come of this.#gathered) come();
      this.#gathered = [];
    });
  }

  async touch(): Promise<string> {
    return `touched ${this.id}`;
  }

  around(other: int32): Promise<string> {
    return this.node.getProxy(Postman, other).bounce(this.id as int32);
  }

  bounce(back: int32): Promise<string> {
    return this.node.getProxy(Postman, back).touch();
  }
}

export default defineGame({
  name: 'postmen',
  entities: [entity(Postman, PostmanEntity)],
  gateway: {
    authenticate(ticket) {
      const { name } = (ticket ?? {}) as { name?: string };
      if (name === undefined) throw new GameError('name');
      return { id: name };
    },
  },
});
