import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../scripts/programs.ts';
import { endWithUs, freePorts, killed } from './server-process.fixture.ts';

export interface NatsServerOptions {
  readonly jetStream?: boolean;
  /** As on the command line: `['--user', 'a', '--pass', 'b']`. */
  readonly settings?: readonly string[];
}

/** A NATS server of a test's own, on a free port, with a store of its own; JetStream is on unless the test says otherwise. */
export class NatsServer {
  readonly port: number;
  readonly url: string;
  private readonly folder: string;
  private readonly settings: readonly string[];
  private child: ChildProcess | undefined;

  private constructor(port: number, { jetStream = true, settings = [] }: NatsServerOptions) {
    this.port = port;
    this.url = `nats://127.0.0.1:${port}`;
    this.folder = mkdtempSync(join(tmpdir(), 'skerry-nats-'));
    this.settings = [...(jetStream ? ['-js', '-sd', this.folder] : []), ...settings];
  }

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const [port] = await freePorts(1);
    const server = new NatsServer(port!, options);
    await server.start();
    return server;
  }

  /** Three servers that keep everything three times. */
  static async cluster(): Promise<NatsServer[]> {
    const ports = await freePorts(6);
    const routes = ports.slice(3).map((port) => `nats://127.0.0.1:${port}`);
    const servers = [0, 1, 2].map((index) => {
      const own = ['--server_name', `n${index}`, '--cluster_name', 'test', '--cluster', routes[index]!];
      return new NatsServer(ports[index]!, { settings: [...own, '--routes', routes.join(',')] });
    });
    await Promise.all(servers.map((server) => server.start()));
    return servers;
  }

  /** Resolves when it takes connections. The store is as the last run left it, unless it was wiped. */
  async start(): Promise<void> {
    const own = ['-a', '127.0.0.1', '-p', String(this.port)];
    const child = spawn(findProgram('nats')!, [...own, ...this.settings], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    endWithUs(child);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`nats-server ended with ${code}: ${said}`)));
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        if (said.length < 10_000) said += text;
        if (said.includes('Server is ready')) resolve();
      });
    });
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await killed(child, signal);
  }

  /** Stands still, with all its connections open. */
  async freeze(): Promise<void> {
    const { child } = this;
    child!.kill('SIGSTOP');
    // Its threads stop a moment later; only Linux says when.
    while (isRunning(child!.pid!)) await new Promise((resolve) => setImmediate(resolve));
  }

  thaw(): void {
    this.child!.kill('SIGCONT');
  }

  /** Of a server that does not run: everything that it kept is gone. */
  wipe(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async dispose(): Promise<void> {
    await this.kill();
    this.wipe();
  }
}

function isRunning(pid: number): boolean {
  try {
    return !/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
