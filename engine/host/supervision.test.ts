import test from 'ava';
import { CapturedLog } from '../testing/captured-log.ts';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Mesh } from './mesh.ts';
import type { NodeThread, ThreadEvents } from './node-thread.ts';
import { NO_QUARANTINE } from './quarantine.ts';
import { Supervision } from './supervision.ts';
import { Threads } from './threads.ts';

const { catalogue } = await loadFixtureGame('perilous');

const supervisionOf = (log: CapturedLog): Supervision =>
  new Supervision({
    catalogue,
    log,
    limits: { suspectMs: 1, slowMs: Number.POSITIVE_INFINITY, hangMs: 50 },
    launcher: undefined,
    quarantine: NO_QUARANTINE,
  });

/** A thread that stands still until somebody asks what it does; `goesOn` then. */
function startStuck(goesOn: boolean) {
  const log = new CapturedLog();
  const supervision = supervisionOf(log);
  const box = { beat: 1, turn: 1, isOpen: true, open: () => void (goesOn && box.turn++) };
  let asked!: () => void;
  const wasAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const ends: string[] = [];
  const thread = {
    index: 0,
    box,
    idleMs: 0,
    // There is no such thread: nothing is found out, and it takes as long as it does.
    get threadId() {
      asked();
      return 1e9;
    },
    terminate: (why: string) => ends.push(why),
  } as unknown as NodeThread;
  supervision.watch(() => [thread], {} as ThreadEvents);
  return { supervision, wasAsked, ends };
}

test('a node that goes on while it is looked at is not ended', async (t) => {
  // The watch itself keeps no process alive.
  const awake = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(awake));
  const alive = startStuck(true);
  const hung = startStuck(false);
  t.teardown(() => alive.supervision.stop());
  t.teardown(() => hung.supervision.stop());
  await alive.wasAsked;
  // The other one is asked at the same time or later, and looked at for as long.
  while (hung.ends.length === 0) await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(hung.ends, ['hung']);
  t.deepEqual(alive.ends, []);
});

test('what the main thread wrote is corrupt: the host cannot go on, for nobody can replace that thread', async (t) => {
  const threads = new Threads({
    mesh: new Mesh(1),
    supervision: supervisionOf(new CapturedLog()),
    newIncarnation: () => 1,
    mainNode: 0,
    peerReplaced: () => {},
  });
  threads.corrupt(0, 0, 'a record is nonsense');
  t.regex((await threads.failed).message, /^What the main thread wrote is corrupt.*nonsense$/);
});
