// The bots' process: `run --bots=N --gateway=URL`. They attach as anybody does; the host only starts them.
import { randomBytes } from 'node:crypto';
import { ARENAS } from '../rules/maps.ts';
import { playAsBot } from './bot.ts';
import { botFlags } from './flags.ts';
import { botName } from './names.ts';

const { bots, gateway } = botFlags(process.argv.slice(2), undefined);
const stop = new AbortController();
const host = process.ppid;

// Also when the host is killed: whoever adopts this process is not the one that started it.
const watch = setInterval(() => {
  if (process.ppid !== host) end();
}, 500);
process.once('SIGTERM', end);
process.once('SIGINT', end);

function end(): void {
  clearInterval(watch);
  stop.abort();
  // Connections may be half way; nothing of a bot is worth waiting for.
  setTimeout(() => process.exit(0), 200).unref();
}

// The first dozen starts where people are sent to first, so that the first screen is lively; a crowd spreads.
const FIRST: readonly number[] = [0, 0, 0, 1, 0, 0, 2, 0, 3, 0, 1, 0];
for (let i = 0; i < bots; i++) {
  void playAsBot({
    gateway,
    name: botName(i),
    token: randomBytes(24).toString('base64url'),
    wish: ARENAS[FIRST[i] ?? i % ARENAS.length],
    random: Math.random,
    signal: stop.signal,
  });
  // A crowd comes one by one: the gateway limits how many attach at once from one address.
  if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 100));
}
