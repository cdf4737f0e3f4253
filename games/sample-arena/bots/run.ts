// The bots' program: `run -- --bots=N --gateway=URL`. They attach as anybody does; the host only starts them.
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ARENAS } from '../rules/maps.ts';
import { playAsBot } from './bot.ts';
import { type BotFlags, botFlags } from './flags.ts';
import { botName } from './names.ts';

/** This file as it was built: `import.meta.url` of a game's module names its source. */
export const botsProgram = fileURLToPath(import.meta.resolve('./run.js'));

// The first dozen starts where people are sent to first, so that the first screen is lively; a crowd spreads.
const FIRST: readonly number[] = [0, 0, 0, 1, 0, 0, 2, 0, 3, 0, 1, 0];

async function run({ bots, gateway }: BotFlags): Promise<void> {
  const stop = new AbortController();
  // Every bot listens to it, that is no leak.
  setMaxListeners(0, stop.signal);
  endWithHost(stop);
  for (let i = 0; i < bots && !stop.signal.aborted; i++) {
    void playAsBot({
      gateway,
      name: botName(i),
      token: randomBytes(24).toString('base64url'),
      wish: ARENAS[FIRST[i] ?? i % ARENAS.length],
      random: Math.random,
      signal: stop.signal,
    });
    // A crowd comes a few at a time, as people would.
    if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function endWithHost(stop: AbortController): void {
  const host = process.ppid;
  const end = (): void => {
    clearInterval(watch);
    stop.abort();
    // Connections may be half way; nothing of a bot is worth waiting for.
    setTimeout(() => process.exit(0), 200).unref();
  };
  // Also when the host is killed: whoever adopts this process is not the one that started it.
  const watch = setInterval(() => {
    if (process.ppid !== host) end();
  }, 500);
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}

// The game's node threads load this file for its path only.
if (process.argv[1] === botsProgram) await run(botFlags(process.argv, undefined));
