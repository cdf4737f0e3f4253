import { EngineError } from 'skerry';
import { type Client, connect } from 'skerry/client';
import { type ArenaId, ArenaView, Player, type Visit } from '../contracts.ts';
import { type Frame, unpackFrame } from '../rules/frame.ts';
import { MAPS } from '../rules/maps.ts';
import { steeringOf } from '../rules/steering.ts';
import { Brain } from './brain.ts';

const THINK_MS = 100;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 8000;

export interface BotOptions {
  gateway: string;
  name: string;
  token: string;
  wish: ArenaId | undefined;
  random: () => number;
  signal: AbortSignal;
}

/** Plays until the signal says stop: attaches, joins, thinks ten times a second; after a loss again, with a growing pause. */
export async function playAsBot(options: BotOptions): Promise<void> {
  const { signal, random } = options;
  let retryMs = RETRY_MS_MIN;
  while (!signal.aborted) {
    try {
      const client = await connect(options.gateway, { ticket: { token: options.token }, signal });
      try {
        await playOnce(client, options);
        retryMs = RETRY_MS_MIN;
      } finally {
        await client.close().catch(() => {});
      }
    } catch {
      // No gateway yet, no room, or a lost connection: all the same to a bot.
    }
    await pause(retryMs * (0.5 + random()), signal);
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
  }
}

/** One connection: resolves when it is closed or the player was put out. */
async function playOnce(client: Client, { name, wish, random, signal }: BotOptions): Promise<void> {
  const player = client.getProxy(Player, client.principalId);
  const brain = new Brain(random);
  let visit: Visit | undefined;
  let latest: Uint8Array | undefined;
  let seq = 0;

  const over = new Promise<void>((resolve) => {
    client.on('closed', () => resolve());
    signal.addEventListener('abort', () => resolve(), { once: true });
    client.implement(ArenaView, {
      snapshot(arena, frame) {
        if (arena === visit?.arena) latest = frame;
      },
      entered(entered) {
        if (entered.visit >= (visit?.visit ?? 0)) visit = entered;
        latest = undefined;
      },
      left: () => resolve(),
      async ping() {},
      roster() {},
      happened() {},
      board() {},
    });
  });

  const joined = await player.join(name, wish);
  if (joined.visit >= ((visit as Visit | undefined)?.visit ?? 0)) visit = joined;
  const think = setInterval(() => {
    if (!latest || !visit) return;
    const sight = see(unpackFrame(latest), visit);
    latest = undefined;
    if (!sight) return;
    const { x, y, aim, fire } = sight.me.present ? brain.think(sight) : { x: 0, y: 0, aim: 0, fire: false };
    seq++;
    try {
      player.steer(steeringOf(seq, x, y, aim, fire));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      // Refused while the connection is away; the client says when it is gone for good.
    }
  }, THINK_MS);
  try {
    await over;
  } finally {
    clearInterval(think);
  }
}

function see(frame: Frame, { arena, number }: Visit) {
  const me = frame.bodies.find((body) => body.number === number);
  if (!me) return undefined;
  const others = frame.bodies.filter((body) => body !== me);
  return { tick: frame.tick, map: MAPS[arena], me, others, pickups: frame.pickups };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
