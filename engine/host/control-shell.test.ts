import test, { type ExecutionContext } from 'ava';
import { SystemClock } from '../base/clock.ts';
import { Prng } from '../base/prng.ts';
import type { ControlStore } from '../cluster/control-store.ts';
import { LeaseCell } from '../cluster/lease-cell.ts';
import type { ExitReason } from '../cluster/lease-owner.ts';
import { LEASE_PROFILES } from '../cluster/lease-profile.ts';
import type { StoreEffect, StoreEvent } from '../cluster/machine.ts';
import { MemoryControlStore } from '../cluster/memory-control-store.ts';
import { PeerTable } from '../cluster/peer-table.ts';
import { NOBODY, SLOT_FROZEN, SlotTable } from '../cluster/slot-table.ts';
import { ControlShell, type LocalNode } from './control-shell.ts';
import type { AskedSlot, FromControl } from './thread-messages.ts';

/** A node that does what the test says. */
class FakeNode implements LocalNode {
  readonly posted: FromControl[] = [];
  beat = 0;
  /** Begins a round whenever it is woken. */
  isFree = true;
  isClosed = false;
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  post(message: FromControl): void {
    this.posted.push(message);
    this.changed();
  }

  wake(): void {
    if (this.isFree) this.beat = new SystemClock().now();
  }

  close(): void {
    this.isClosed = true;
  }

  asked(kind: 'freeze' | 'unfreeze'): AskedSlot[] {
    return this.posted.flatMap((message) => (message.kind === kind ? [...message.slots] : []));
  }
}

/** One host with two worker nodes, and what its process is told. */
class Host {
  readonly slots = new SlotTable();
  readonly peers = new PeerTable();
  readonly lease = new LeaseCell();
  readonly nodes: FakeNode[];
  readonly shell: ControlShell;
  readonly said: string[] = [];
  private readonly store: ControlStore;
  private isCut = false;
  private looks: (() => void)[] = [];

  constructor(t: ExecutionContext, world: MemoryControlStore, name: string, inc: number) {
    const tell = (what: string): void => {
      this.said.push(what);
      this.look();
    };
    this.nodes = [0, 1, 2].map(() => new FakeNode(() => this.look()));
    this.store = world.open((event) => {
      if (!this.isCut) this.hear(event);
    });
    this.shell = new ControlShell({
      self: { host: name, inc },
      workers: 2,
      epochFloor: 0,
      locals: 3,
      profile: LEASE_PROFILES.ci,
      clock: new SystemClock(),
      random: new Prng(inc, name),
      store: { perform: (effect) => this.perform(effect), close: () => this.store.close() },
      slots: this.slots,
      peers: this.peers,
      lease: this.lease,
      nodes: this.nodes,
      events: {
        serving: (founds) => tell(founds ? 'founds' : 'serving'),
        fenced: () => tell('fenced'),
        resumed: () => tell('resumed'),
        emptied: () => tell('emptied'),
        held: (count) => tell(`held ${count}`),
        hold: () => tell('hold'),
        endThreads: (nodes) => tell(`end ${nodes}`),
        exit: (reason: ExitReason) => tell(reason),
        taken: () => tell('taken'),
      },
    });
    t.teardown(() => this.shell.close());
  }

  /** Nothing reaches the control store any more, or it does again. */
  cut(isCut: boolean): void {
    this.isCut = isCut;
  }

  async until(wanted: () => boolean): Promise<void> {
    while (!wanted()) await new Promise<void>((resolve) => this.looks.push(resolve));
  }

  says(what: string): Promise<void> {
    return this.until(() => this.said.includes(what));
  }

  get isOpen(): boolean {
    const clock = new SystemClock();
    return this.lease.isOpen(clock.now(), clock.wallNow());
  }

  owned(): number {
    let count = 0;
    for (let slot = 0; slot < this.slots.count; slot++)
      if (this.slots.ownerOf(slot) < 2 && this.slots.isOpen(slot)) count++;
    return count;
  }

  private hear(event: StoreEvent): void {
    this.shell.onStore(event);
    this.look();
  }

  private perform(effect: StoreEffect): void {
    if (!this.isCut) this.store.perform(effect);
    else if (effect.kind === 'cas') setTimeout(() => this.hear({ kind: 'cas-unknown', request: effect.request }), 50);
    else if (effect.kind === 'read') setTimeout(() => this.hear({ kind: 'read-failed', request: effect.request }), 50);
  }

  private look(): void {
    const looks = this.looks;
    this.looks = [];
    for (const look of looks) look();
  }
}

// One at a time: they measure what others' work would be taken for.
test.serial('a host alone founds its cluster, and all slots run there', async (t) => {
  const a = new Host(t, new MemoryControlStore(), 'a', 1);
  t.is(a.slots.ownerOf(0), NOBODY);
  t.false(a.isOpen);
  a.shell.join();
  await a.says('founds');
  t.true(a.isOpen);
  t.is(a.owned(), a.slots.count);
  t.true(a.nodes.every(({ posted }) => posted.some(({ kind }) => kind === 'installed')));
});

test.serial('without the control store everything stops; with it again everything goes on', async (t) => {
  const a = new Host(t, new MemoryControlStore(), 'a', 1);
  a.shell.join();
  await a.says('founds');
  a.cut(true);
  await a.says('fenced');
  t.false(a.isOpen);
  t.is(a.owned(), a.slots.count);
  a.cut(false);
  await a.says('resumed');
  t.true(a.isOpen);
  t.deepEqual(a.said, ['founds', 'fenced', 'resumed']);
});

test.serial(
  'a slice that runs behind the lease: its thread is to be ended, and when that does not help the process',
  async (t) => {
    const a = new Host(t, new MemoryControlStore(), 'a', 1);
    a.shell.join();
    await a.says('founds');
    // It has begun rounds before, and is in none that ends.
    for (const node of a.nodes) node.beat = 1;
    a.nodes[1]!.isFree = false;
    a.cut(true);
    await a.says('stop-overdue');
    t.deepEqual(a.said, ['founds', 'fenced', 'end 1', 'stop-overdue']);
    t.false(a.isOpen);
  },
);

test.serial('a thread that was ended in time, and its successor, which has not begun, are quiet', async (t) => {
  const a = new Host(t, new MemoryControlStore(), 'a', 1);
  a.shell.join();
  await a.says('founds');
  for (const node of a.nodes) node.beat = 1;
  a.nodes[1]!.isFree = false;
  a.cut(true);
  await a.says('end 1');
  const next = new FakeNode(() => {});
  next.isFree = false;
  a.shell.replace(1, 1, next);
  t.true(a.nodes[1]!.isClosed);
  a.cut(false);
  await a.says('resumed');
  t.false(a.said.includes('stop-overdue'));
});

test.serial(
  'slots go to a host that joins when their nodes have stopped them; a thread in between is asked again',
  async (t) => {
    const world = new MemoryControlStore();
    const a = new Host(t, world, 'a', 1);
    a.shell.join();
    await a.says('founds');
    const b = new Host(t, world, 'b', 2);
    b.shell.join();
    await b.says('serving');
    await a.until(() => a.nodes[0]!.asked('freeze').length > 0 && a.nodes[1]!.asked('freeze').length > 0);
    const [met] = a.nodes[0]!.posted.flatMap((message) => (message.kind === 'peers' ? [message.met] : []));
    t.deepEqual(
      met!.map(({ name, node, isGateway }) => [name, node, isGateway]),
      [
        ['b-0', 0, false],
        ['b-1', 1, false],
        ['b-2', 2, true],
      ],
    );
    t.true(met!.every(({ index }) => index >= 3 && a.peers.isMember(index)));

    const asked = a.nodes[0]!.asked('freeze');
    const [told, untold] = [asked[0]!, asked[1]!];
    // The thread stops two slots, says so of one of them, and dies.
    for (const { slot } of [told, untold]) t.true(a.slots.freeze(slot));
    a.shell.onNode(0, { kind: 'frozen', slots: [told] });
    const next = new FakeNode(() => {});
    a.shell.replace(0, 1, next);
    t.is(next.posted[0]!.kind, 'peers');
    t.true(next.asked('freeze').some(({ slot }) => slot === untold.slot));
    t.false(next.asked('freeze').some(({ slot }) => slot === told.slot));
    t.true(a.slots.isOpen(untold.slot));
    // It never runs here again, whatever becomes of it.
    t.not(a.slots.stateOf(told.slot), 1);
    await b.until(() => b.slots.isOpen(told.slot) && b.slots.ownerOf(told.slot) < 2);
    t.true(a.slots.ownerOf(told.slot) >= 3);
    t.not(a.slots.stateOf(told.slot), SLOT_FROZEN);
    // The other host parts from the life before, and meets this one.
    await b.until(() => b.nodes[0]!.posted.some((message) => message.kind === 'peers' && message.parted.length === 1));
  },
);

test.serial('whoever drains gives everything away; the last one has nobody to give to', async (t) => {
  const world = new MemoryControlStore();
  const a = new Host(t, world, 'a', 1);
  a.shell.join();
  await a.says('founds');
  const b = new Host(t, world, 'b', 2);
  b.shell.join();
  await b.says('serving');
  // Its nodes stop what they are asked for.
  const answered = new Set<string>();
  const fresh = (): AskedSlot[] =>
    a.nodes.flatMap((node) => node.asked('freeze')).filter(({ slot, move }) => !answered.has(`${slot} ${move}`));
  const answer = async (): Promise<void> => {
    for (;;) {
      await a.until(() => fresh().length > 0 || a.said.includes('emptied'));
      const asked = fresh();
      if (asked.length === 0) return;
      for (const { slot, move } of asked) {
        answered.add(`${slot} ${move}`);
        a.slots.freeze(slot);
      }
      a.shell.onNode(0, { kind: 'frozen', slots: asked });
    }
  };
  a.shell.drain();
  await answer();
  t.is(a.owned(), 0);
  a.shell.retire();
  await a.says('left');
  await b.until(() => b.owned() === b.slots.count);
  b.shell.drain();
  t.true(b.said.includes('emptied'));
  b.shell.retire();
  await b.says('left');
});

test.serial('a name that a living host has is noticed; one of a host that died is waited for', async (t) => {
  const world = new MemoryControlStore();
  const a = new Host(t, world, 'a', 1);
  a.shell.join();
  await a.says('founds');
  const second = new Host(t, world, 'a', 2);
  second.shell.join();
  await second.says('taken');
  t.false(a.said.includes('declared-dead'));
  second.shell.close();
  a.cut(true);
  const third = new Host(t, world, 'a', 3);
  third.shell.join();
  await third.says('founds');
  t.false(third.said.includes('taken'));
});

test.serial('slots that have records in the own store of a host: it is told when its record says so', async (t) => {
  const a = new Host(t, new MemoryControlStore(), 'a', 1);
  a.shell.hold([9, 7]);
  a.shell.join();
  await a.says('held 2');
  a.shell.hold([9, 7, 8]);
  await a.says('held 3');
  // The thread of its store was replaced, and finds the same: it has to hear that it is known.
  a.said.length = 0;
  a.shell.hold([7, 8, 9]);
  await a.says('held 3');
  t.deepEqual(a.said, ['held 3']);
});
