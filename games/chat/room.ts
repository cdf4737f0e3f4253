import { NodeEntity } from 'skerry';
import { type Line, type Room, RoomView } from './contracts.ts';

const LINES_MAX = 50;
const TEXT_MAX = 200;

export class RoomEntity extends NodeEntity implements Room {
  private lines: Line[] = [];
  private readonly listeners = this.node.group(RoomView, `room:${this.id}`);

  async enter(): Promise<Line[]> {
    const { caller } = this.call;
    // Before the await: what is said meanwhile reaches the new listener as a call of its own.
    const { lines } = this;
    if (caller.kind === 'client') await this.listeners.add(caller.principal.id);
    return lines;
  }

  say(text: string): void {
    const { caller } = this.call;
    if (caller.kind !== 'client') return;
    const line = { from: String(caller.principal.id), text: text.slice(0, TEXT_MAX) };
    this.lines = [...this.lines, line].slice(-LINES_MAX);
    this.listeners.proxy.said(line);
  }
}
