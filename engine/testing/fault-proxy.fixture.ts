import { once } from 'node:events';
import { createServer, type Server, type Socket, connect as tcp } from 'node:net';

export type ProxyDirection = 'up' | 'down';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** Stands between clients and a TCP server and spoils what passes: per direction it can hold, swallow or delay; it can cut, and refuse. */
export class FaultProxy {
  /** Bytes that were swallowed. */
  swallowed = 0;
  private readonly server: Server;
  private readonly target: number;
  private readonly pairs = new Set<Pair>();
  private readonly held = { up: false, down: false };
  private readonly deaf = { up: false, down: false };
  private readonly waiting: { up: (() => void)[]; down: (() => void)[] } = { up: [], down: [] };
  private delayMs = 0;
  private refusing = false;

  private constructor(target: number) {
    this.target = target;
    this.server = createServer((client) => this.onConnection(client));
  }

  static async start(targetPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(targetPort);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.pairs.size;
  }

  /** Nothing passes this way until `release`; nothing is lost either. `up` is from clients to the server. */
  hold(direction: ProxyDirection): void {
    this.held[direction] = true;
  }

  /** What goes this way is lost, and neither side is told: half open. */
  swallow(direction: ProxyDirection): void {
    this.deaf[direction] = true;
  }

  /** Both directions as they should be. Connections that lost bytes are cut: their stream cannot be mended. */
  release(): void {
    const lost = this.deaf.up || this.deaf.down;
    for (const direction of ['up', 'down'] as const) {
      this.held[direction] = false;
      this.deaf[direction] = false;
      for (const pass of this.waiting[direction].splice(0)) pass();
    }
    if (lost) this.cut();
  }

  /** Everything takes so much longer from now on. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /** Ends all connections; new ones are taken. */
  cut(): void {
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
    this.pairs.clear();
  }

  /** New connections are closed at once, until told otherwise. */
  refuse(refusing: boolean): void {
    this.refusing = refusing;
  }

  async dispose(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private onConnection(client: Socket): void {
    if (this.refusing) {
      client.destroy();
      return;
    }
    const server = tcp(this.target, '127.0.0.1');
    const pair = { client, server };
    this.pairs.add(pair);
    this.carry(client, server, 'up');
    this.carry(server, client, 'down');
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        this.pairs.delete(pair);
      });
    }
  }

  private carry(from: Socket, to: Socket, direction: ProxyDirection): void {
    from.on('data', (bytes) => {
      if (this.deaf[direction]) {
        this.swallowed += bytes.length;
        return;
      }
      const pass = (): void => void (to.destroyed || to.write(bytes));
      if (this.held[direction]) this.waiting[direction].push(pass);
      else if (this.delayMs > 0) setTimeout(pass, this.delayMs);
      else pass();
    });
  }
}
