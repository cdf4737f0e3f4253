import {
  type float32,
  type int8,
  type int16,
  type int32,
  type int64,
  NodeEntity,
  type uint8,
  type uint16,
  type uint32,
  type uint64,
} from 'skerry';
import type { Values } from './contracts.fixture.ts';
import type { Item, Level, Shape, Tree } from './shapes.fixture.ts';

export class ValuesEntity extends NodeEntity implements Values {
  private item_: Item = { name: 'none', tags: [] };

  async int8(value: int8): Promise<int8> {
    return value;
  }
  async int16(value: int16): Promise<int16> {
    return value;
  }
  async int32(value: int32): Promise<int32> {
    return value;
  }
  async uint8(value: uint8): Promise<uint8> {
    return value;
  }
  async uint16(value: uint16): Promise<uint16> {
    return value;
  }
  async uint32(value: uint32): Promise<uint32> {
    return value;
  }
  async float32(value: float32): Promise<float32> {
    return value;
  }
  async number(value: number): Promise<number> {
    return value;
  }
  async int64(value: int64): Promise<int64> {
    return value;
  }
  async uint64(value: uint64): Promise<uint64> {
    return value;
  }
  async string(value: string): Promise<string> {
    return value;
  }
  async boolean(value: boolean): Promise<boolean> {
    return value;
  }
  async bytes(value: Uint8Array): Promise<Uint8Array> {
    // Neither a Buffer nor a view of something larger, whatever was sent.
    if (value.constructor !== Uint8Array || value.byteLength !== value.buffer.byteLength) throw new Error('a view');
    if (!(value.buffer instanceof ArrayBuffer)) throw new Error('shared memory');
    return value;
  }
  async date(value: Date): Promise<Date> {
    return value;
  }
  async nullable(value: string | null): Promise<string | null> {
    return value;
  }
  async optional(a: int32, b?: string, c?: int32): Promise<[int32, string, string]> {
    return [a, String(b), String(c)];
  }
  async array(value: int32[]): Promise<int32[]> {
    return value;
  }
  async tuple(value: [int32, string, boolean]): Promise<[int32, string, boolean]> {
    return value;
  }
  async map(value: Map<string, int32>): Promise<Map<string, int32>> {
    return value;
  }
  async set(value: Set<string>): Promise<Set<string>> {
    return value;
  }
  async record(value: Record<string, number>): Promise<Record<string, number>> {
    return value;
  }
  async item(value: Item): Promise<Item> {
    return value;
  }
  async shape(value: Shape): Promise<Shape> {
    return value;
  }
  async tree(value: Tree): Promise<Tree> {
    return value;
  }
  async level(value: Level): Promise<Level> {
    return value;
  }
  async anything(value: unknown): Promise<unknown> {
    return value;
  }
  async proxy(value: Values): Promise<Values> {
    // Usable here, and on its way back.
    if ((await value.int32(5)) !== 5) throw new Error('not a proxy');
    return value;
  }
  async keep(value: Item): Promise<Item> {
    this.item_ = value;
    this.item_.tags.push('kept');
    return this.item_;
  }
  async kept(): Promise<Item> {
    return this.item_;
  }
  async changeBehind(other: Values): Promise<Item> {
    const item: Item = { name: 'sent', count: 1, tags: ['a'] };
    const answer = other.keep(item);
    item.name = 'changed';
    item.tags.push('b');
    const kept = await answer;
    kept.name = 'changed by the caller';
    return other.kept();
  }
  async passThis(other: Values): Promise<unknown> {
    return other.idOf(this);
  }
  async idOf(value: Values): Promise<unknown> {
    if (value instanceof NodeEntity) throw new Error('an entity arrived');
    const { id } = (await value.kept()) as unknown as { id: unknown };
    return id ?? (await value.anything('called back'));
  }
  async wrongResult(value: unknown): Promise<int8> {
    return value as int8;
  }
  oneWay(): void {}
}
