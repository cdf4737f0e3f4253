/** A million tasks in one timing wheel: as `this.tasks.once` puts them there, without the entities. */
import { Task, type TaskOwner } from '../engine/runtime/task.ts';
import { TimingWheel } from '../engine/runtime/timing-wheel.ts';
import { heapBytes } from './games/ping/heap.ts';
import { perSecond, type Topic } from './topic.ts';

const TASKS = 1_000_000;
/** Tasks are due within it, in an order that has nothing to do with time. */
const SPREAD_MS = 3_600_000;
/** Between two rounds of a node that fires them. */
const ROUND_MS = 10;

const dueOf = (i: number): number => 1 + ((i * 7919) % SPREAD_MS);

class CountedRuns implements TaskOwner {
  count = 0;
  due(): void {
    this.count++;
  }
  begun(): void {}
  refused(): void {}
  wasSetBack(): void {}
}

function tasksOf(count: number, owner: TaskOwner): Task[] {
  return Array.from({ length: count }, () => new Task(owner, 'tick', 'tick', [], {}));
}

function timed(run: () => void): number {
  const begin = performance.now();
  run();
  return performance.now() - begin;
}

function fill(wheel: TimingWheel, tasks: readonly Task[]): void {
  for (let i = 0; i < tasks.length; i++) wheel.add(tasks[i]!, dueOf(i));
}

export const tasks: Topic<undefined> = {
  subjects: [
    {
      figures: [
        { name: 'tasks.wheel.add', unit: '/s' },
        { name: 'tasks.wheel.cancel', unit: '/s' },
      ],
      thing: async (_, effort) => {
        const count = effort.of(TASKS);
        const all = tasksOf(count, new CountedRuns());
        const wheel = new TimingWheel(0);
        const addMs = timed(() => fill(wheel, all));
        const cancelMs = timed(() => {
          for (const task of all) wheel.remove(task);
        });
        if (wheel.size !== 0) throw new Error('Tasks are left.');
        return [perSecond(count, addMs), perSecond(count, cancelMs)];
      },
      yardsticks: {
        timeout: async (_, effort) => {
          const count = effort.of(TASKS);
          const nothing = (): void => {};
          const all: NodeJS.Timeout[] = [];
          const addMs = timed(() => {
            for (let i = 0; i < count; i++) all.push(setTimeout(nothing, dueOf(i)));
          });
          const cancelMs = timed(() => {
            for (const timeout of all) clearTimeout(timeout);
          });
          return [perSecond(count, addMs), perSecond(count, cancelMs)];
        },
      },
      roundsMax: 3,
    },
    {
      figures: [
        { name: 'tasks.wheel.fire', unit: '/s' },
        { name: 'tasks.wheel.bytes', unit: 'bytes' },
      ],
      thing: async (_, effort) => {
        const count = effort.of(TASKS);
        const before = heapBytes();
        const owner = new CountedRuns();
        const wheel = new TimingWheel(0);
        fill(wheel, tasksOf(count, owner));
        const bytes = (heapBytes() - before) / count;
        const ms = timed(() => {
          for (let now = 0; now <= SPREAD_MS; now += ROUND_MS) wheel.advance(now);
        });
        if (owner.count !== count) throw new Error(`${owner.count} of ${count} tasks fired.`);
        return [perSecond(count, ms), bytes];
      },
      roundsMax: 3,
    },
  ],
  async open() {
    return undefined;
  },
  async close() {},
};
