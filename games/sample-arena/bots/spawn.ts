import { spawn } from 'node:child_process';
import { botFlags } from './flags.ts';
import { botsProgram } from './run.ts';

/**
 * Starts the bots in a process of their own, so that they take nothing from the node threads that they play on. They end
 * with the host. `--bots=0` starts none.
 */
export function spawnBots(argv: readonly string[], port: string | undefined): void {
  const { bots, gateway } = botFlags(argv, port);
  if (bots === 0) return;
  const child = spawn(process.execPath, [botsProgram, '--', `--bots=${bots}`, `--gateway=${gateway}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  child.on('error', (error) => console.error(`sample-arena: no bots, ${error.message}`));
  child.unref();
}
