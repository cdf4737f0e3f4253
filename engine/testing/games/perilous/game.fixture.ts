import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { defineGame, type EntityId, entity, type int32, NodeEntity, type NodeRef } from 'skerry';
import { Cursed, Lobby, Perilous } from './contracts.fixture.ts';

/** Tests in the same thread look over the shoulder of an operation. */
export const peepholes: { inside: ((id: EntityId, n: number) => void) | undefined } = { inside: undefined };

function spinForEver(): void {
  for (let turns = 0; ; turns++) if (turns < 0) return;
}

/** In native code, ms: many times longer than a thread is waited for, on whatever machine. */
const NATIVE_MS = 8000;

class PerilousEntity extends NodeEntity implements Perilous {
  private total = 0;

  async add(n: int32): Promise<int32> {
    peepholes.inside?.(this.id, n);
    this.total += n;
    return this.total;
  }
  addOneWay(n: int32): void {
    peepholes.inside?.(this.id, n);
    this.total += n;
  }
  async mark(file: string, line: string): Promise<void> {
    appendFileSync(file, `${line}\n`);
  }
  markOneWay(file: string, line: string): void {
    appendFileSync(file, `${line}\n`);
  }
  async exchange(other: Perilous, times: int32): Promise<int32> {
    let last = 0;
    for (let i = 0; i < times; i++) last = await other.add(1);
    return last;
  }
  async marks(other: Perilous, file: string, lines: string[]): Promise<string[]> {
    const all = lines.map((line) =>
      other.mark(file, line).then(
        () => 'done',
        (error) => `${error.name} ${error.code} ${error.outcome}`,
      ),
    );
    return Promise.all(all);
  }
  async block(ms: int32): Promise<string> {
    const until = performance.now() + ms;
    while (performance.now() < until);
    return 'unharmed';
  }
  async exit(): Promise<void> {
    process.exit(7);
  }
  async throwLater(): Promise<void> {
    setTimeout(() => {
      throw new RangeError('thrown where nobody catches');
    }, 1);
    await this.sleep(60_000);
  }
  async eatObjects(): Promise<void> {
    // A list and not an array: that one would become large, which is another way to die.
    let eaten: object | undefined;
    for (let i = 0; ; i++) eaten = { i, text: `object ${i}`, eaten };
  }
  async eatArray(): Promise<void> {
    const eaten: number[] = [];
    for (let i = 0; ; i++) eaten.push(i + 0.5);
  }
  async spin(): Promise<void> {
    spinForEver();
  }
  async spinAfterAwait(): Promise<void> {
    await this.sleep(1);
    spinForEver();
  }
  async spinInTimer(): Promise<void> {
    setTimeout(spinForEver, 20);
    await this.sleep(60_000);
  }
  async backtrack(): Promise<void> {
    /^(a+)+$/.test(`${'a'.repeat(60)}!`);
  }
  async native(ms: int32): Promise<void> {
    // Waits where no thread can be pulled out of, for so long and neither more nor less on another machine.
    execFileSync('sleep', [String(ms / 1000)], { stdio: 'ignore' });
  }
  async schedule(): Promise<void> {
    await this.tasks.once('doom', '20ms', 'doom');
  }
  async doom(): Promise<void> {
    process.exit(8);
  }
}

class CursedEntity extends NodeEntity implements Cursed {
  override onActivate(): void {
    process.exit(9);
  }
  async touch(): Promise<void> {}
}

class LobbyEntity extends NodeEntity implements Lobby {
  async echo(text: string): Promise<string> {
    return text;
  }
  async ruin(victim: Perilous): Promise<void> {
    await victim.exit();
  }
  async exit(): Promise<void> {
    process.exit(7);
  }
}

/** The operation on entities of the last node, one after the other; what became of each is printed. */
async function ruin(node: NodeRef, operation: 'exit'): Promise<void> {
  const nodes = await Promise.all(Array.from({ length: 50 }, (_, id) => node.locate(Perilous, id)));
  const last = Math.max(...nodes.map((place) => place.node));
  for (let id = 0, ruined = 0; ruined < 5; id++) {
    if (nodes[id]!.node !== last) continue;
    ruined++;
    const call = node.getProxy(Perilous, id)[operation] as (n?: number) => Promise<void>;
    const victim = node.getProxy(Perilous, id);
    console.log(
      `${operation} ${ruined}: ${await call.call(victim, NATIVE_MS).then(
        () => 'survived',
        (error) => error.code,
      )}`,
    );
  }
}

/** Everything that a node does not survive. */
export default defineGame({
  name: 'perilous',
  entities: [entity(Perilous, PerilousEntity), entity(Cursed, CursedEntity), entity(Lobby, LobbyEntity)],
  gateway: { authenticate: (ticket) => ({ id: String(ticket) }) },
  onStart(node: NodeRef) {
    console.log('game started');
    const wanted = process.argv.find((word) => word.startsWith('--do='));
    if (wanted !== undefined) void ruin(node, wanted.slice(5) as 'exit');
  },
});
