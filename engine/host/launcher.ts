/** `--supervise`: a small process that starts the host as its child and starts it again when it ends, with what it learnt. */
import { fork } from 'node:child_process';
import type { RootLog } from '../runtime/log.ts';
import type { CommandLine } from './command-line.ts';
import type { DeathWitness, WatchedRun } from './death-witness.ts';
import { afterHostEnd } from './launch-policy.ts';
import { type FromLauncher, LAUNCHED_VARIABLE, type ToLauncher } from './launcher-port.ts';
import { createLog } from './log.ts';
import { afterDeathOf, type Blame, NO_QUARANTINE, type QuarantineState } from './quarantine.ts';
import type { Shell, StopSignal } from './shell.ts';

/** Resolves to the exit code: the host's, or 1 when it ended too often. `argv` without the program; the host gets the same. */
export async function launch(line: CommandLine, shell: Shell, argv: readonly string[]): Promise<number> {
  return new Launcher(createLog(line.config, {}), shell, argv).run();
}

/** A launcher that is about to exit, or to start the host again, waits so long until the end of the run before is written down. */
const DECLARE_MS_MAX = 1000;

class Launcher {
  private readonly log: RootLog;
  private readonly shell: Shell;
  private readonly argv: readonly string[];
  private quarantine: QuarantineState = NO_QUARANTINE;
  private ends: readonly number[] = [];
  private signal: ((signal: StopSignal) => void) | undefined = undefined;
  private wasAsked = false;
  private stopWaiting: (() => void) | undefined = undefined;

  constructor(log: RootLog, shell: Shell, argv: readonly string[]) {
    this.log = log;
    this.shell = shell;
    this.argv = argv;
  }

  async run(): Promise<number> {
    this.shell.onSignal((signal) => {
      this.wasAsked = true;
      this.signal?.(signal);
      this.stopWaiting?.();
    });
    for (;;) {
      const { code, wasReady, suspects } = await this.host();
      const decision = afterHostEnd(this.ends, { code, wasReady, wasAsked: this.wasAsked, now: performance.now() });
      if (decision.effect === 'exit') {
        if (decision.why === 'too-often') this.shell.stderr('skerry: the host ended too often: giving up\n');
        return decision.code;
      }
      for (const blame of suspects) this.hold(blame);
      this.ends = decision.ends;
      this.log.error({ code, suspects, afterMs: decision.afterMs }, 'the host ended; starting it again');
      await this.wait(decision.afterMs);
      if (this.wasAsked) return 0;
    }
  }

  private hold(blame: Blame): void {
    const { state, added } = afterDeathOf(this.quarantine, blame, Date.now());
    this.quarantine = state;
    if (added !== undefined) this.log.error({ ...added }, 'quarantined: the host died of it');
  }

  /** One life of the host. */
  private host(): Promise<{ code: number | null; wasReady: boolean; suspects: Blame[] }> {
    const child = fork(process.argv[1]!, this.argv, {
      env: { ...this.shell.env, [LAUNCHED_VARIABLE]: '1' },
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
      // A group of its own: Ctrl+C reaches the launcher, which passes it on; twice would end the host at once.
      detached: true,
    });
    const suspects = new Map<number, Blame>();
    let wasReady = false;
    let witness: Promise<DeathWitness | undefined> = Promise.resolve(undefined);
    this.signal = (signal) => child.kill(signal);
    child.on('message', (message: ToLauncher) => {
      switch (message.kind) {
        case 'hello': {
          const welcome: FromLauncher = { kind: 'welcome', quarantine: this.quarantine };
          // It may be gone already, which its exit says.
          child.send(welcome, () => {});
          return;
        }
        case 'ready':
          wasReady = true;
          this.log.info({ pid: child.pid }, 'the host runs');
          return;
        case 'suspect':
          suspects.set(message.node, message.blame);
          return;
        case 'cleared':
          suspects.delete(message.node);
          return;
        case 'quarantine':
          this.quarantine = message.state;
          return;
        case 'joins':
          witness = this.witnessOf(message.run);
          return;
        default:
      }
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      // It is reaped: nothing of it runs any more, which others would else have to wait for.
      let declared: Promise<void> = Promise.resolve();
      child.once('exit', () => {
        declared = this.declare(witness);
      });
      // Behind the last message: the channel is read to its end first.
      child.once('close', async (code) => {
        this.signal = undefined;
        await Promise.race([declared, this.wait(DECLARE_MS_MAX)]);
        resolve({ code, wasReady, suspects: [...suspects.values()] });
      });
    });
  }

  private async witnessOf(run: WatchedRun): Promise<DeathWitness | undefined> {
    const warn = (line: string): void => this.log.warn({}, line);
    // A launcher of a host alone has no use for NATS.
    const { DeathWitness } = await import('./death-witness.ts');
    return await DeathWitness.open(run, warn).catch((error: Error) => {
      warn(`${error.message}; should the host die, the others wait for the end of its lease`);
      return undefined;
    });
  }

  private async declare(opening: Promise<DeathWitness | undefined>): Promise<void> {
    const witness = await opening;
    if (witness === undefined) return;
    const isDeclared = await witness.declare();
    if (!isDeclared) this.log.warn({}, 'the end of the host could not be written down: the others wait for its lease');
    await witness.close().catch(() => {});
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.stopWaiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
