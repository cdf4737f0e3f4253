import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../scripts/programs.ts';
import { endWithUs, freePorts, killed } from './server-process.fixture.ts';

/** A Redis server of a test's own, on a free port, in a folder of its own. */
export class RedisServer {
  readonly url: string;
  private readonly port: number;
  private readonly folder: string;
  private readonly settings: readonly string[];
  private child: ChildProcess | undefined;

  private constructor(port: number, settings: readonly string[]) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.settings = settings;
    this.folder = mkdtempSync(join(tmpdir(), 'skerry-redis-'));
  }

  /** `settings` as on the command line: `['--appendonly', 'yes']`. */
  static async start(settings: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer((await freePorts(1))[0]!, settings);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--daemonize', 'no'];
    const child = spawn(findProgram('redis')!, [...own, ...this.settings], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.child = child;
    endWithUs(child);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)));
      child.stdout!.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** Connections stay open and nothing is answered, until `goOn`. */
  stall(): void {
    this.child!.kill('SIGSTOP');
  }

  goOn(): void {
    this.child!.kill('SIGCONT');
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await killed(child, signal);
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
