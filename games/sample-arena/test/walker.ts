import { type Client, connect } from 'skerry/client';
import type { TestCluster } from 'skerry/testing';
import {
  type ArenaEvent,
  type ArenaId,
  ArenaView,
  type LeaveReason,
  Player,
  type RosterRow,
  type Visit,
} from '../contracts.ts';
import { type BodyView, type Frame, unpackFrame } from '../rules/frame.ts';
import type { Point } from '../rules/geometry.ts';
import { steeringOf } from '../rules/steering.ts';

const ticketOf = (token: string) => ({ token: token.padEnd(16, '.') });

/** A client for tests: remembers what it was shown, and walks where it is told. Nothing in it waits for a clock. */
export class Walker {
  readonly client: Client;
  readonly player: Player;
  visit: Visit | undefined;
  frame: Frame | undefined;
  frames = 0;
  readonly events: { arena: ArenaId; event: ArenaEvent }[] = [];
  readonly left: LeaveReason[] = [];
  roster: readonly RosterRow[] = [];
  readonly #waiting = new Set<() => void>();
  #goal: Point | undefined;
  #seq = 0;

  /** Of a cluster of this process: its time passes while we wait. */
  readonly #cluster: TestCluster | undefined;

  private constructor(client: Client, cluster?: TestCluster) {
    this.client = client;
    this.#cluster = cluster;
    this.player = client.getProxy(Player, client.principalId);
    client.implement(ArenaView, {
      snapshot: (arena, bytes) => {
        if (this.visit && arena !== this.visit.arena) return;
        this.frame = unpackFrame(bytes);
        this.frames++;
        this.#walk();
        this.#wake();
      },
      happened: (arena, events) => {
        for (const event of events) this.events.push({ arena, event });
        this.#wake();
      },
      roster: (_arena, rows) => {
        this.roster = rows;
        this.#wake();
      },
      entered: (visit) => {
        this.visit = visit;
        this.frame = undefined;
        this.#wake();
      },
      left: (reason) => {
        this.left.push(reason);
        this.visit = undefined;
        this.#wake();
      },
      board() {},
      async ping() {},
    });
  }

  static async attach(gateway: string, token: string): Promise<Walker> {
    return new Walker(await connect(gateway, { ticket: ticketOf(token) }));
  }

  static async join(cluster: TestCluster, token: string): Promise<Walker> {
    return new Walker(await cluster.connect({ ticket: ticketOf(token) }), cluster);
  }

  get id(): string {
    return String(this.client.principalId);
  }

  async join(name: string, wish: ArenaId): Promise<Visit> {
    this.visit = await this.player.join(name, wish);
    return this.visit;
  }

  get me(): BodyView | undefined {
    return this.frame?.bodies.find(({ number }) => number === this.visit?.number);
  }

  /** Towards the place with every frame, until told otherwise. */
  walkTo(goal: Point | undefined): void {
    this.#goal = goal;
    if (goal === undefined) this.#steer(0, 0);
  }

  /** Resolves as soon as the answer is something; looked at after everything that arrives. */
  until<T extends object | number | true>(what: () => T | undefined | false): Promise<T> {
    if (this.#cluster) return this.#cluster.until(what, { timeout: '60s' }) as Promise<T>;
    return new Promise((resolve) => {
      const look = (): void => {
        const answer = what();
        if (answer === undefined || answer === false) return;
        this.#waiting.delete(look);
        resolve(answer);
      };
      this.#waiting.add(look);
      look();
    });
  }

  event(kind: ArenaEvent['kind'], arena: ArenaId, matches: (event: any) => boolean): Promise<ArenaEvent> {
    return this.until(
      () => this.events.find((one) => one.arena === arena && one.event.kind === kind && matches(one.event))?.event,
    );
  }

  close(): Promise<void> {
    return this.client.close();
  }

  #walk(): void {
    const me = this.me;
    if (!me || !this.#goal) return;
    const dx = this.#goal.x - me.x;
    const dy = this.#goal.y - me.y;
    const distance = Math.hypot(dx, dy) || 1;
    const share = Math.min(1, distance / 20);
    this.#steer((dx / distance) * share, (dy / distance) * share);
  }

  #steer(x: number, y: number): void {
    this.#seq = (this.#seq + 1) & 0xffff;
    this.player.steer(steeringOf(this.#seq, x, y, 0, false));
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}
