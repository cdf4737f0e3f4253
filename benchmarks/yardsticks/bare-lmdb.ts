import { open, type RootDatabase } from 'lmdb';

/** LMDB by hand, with the settings and the bytes of the engine's store, and nothing around it. */
export class BareLmdb {
  private readonly records: RootDatabase<Buffer, Buffer>;
  private readonly bytes: number;

  /** `bytes` of one record. */
  constructor(folder: string, bytes: number) {
    this.records = open<Buffer, Buffer>({ path: folder, encoding: 'binary', keyEncoding: 'binary' });
    this.bytes = bytes;
  }

  /** Each of `outstanding` loops writes its own records, one after the other is on disk. */
  async flushed(count: number, outstanding: number): Promise<void> {
    const loop = async (nth: number): Promise<void> => {
      for (let i = nth; i < count; i += outstanding) {
        await this.records.put(keyOf(nth), this.record(i));
        await this.records.flushed;
      }
    };
    await Promise.all(Array.from({ length: outstanding }, (_, nth) => loop(nth)));
  }

  /** All at once; resolves when they are committed. */
  async committed(count: number, round: number): Promise<void> {
    const all: Promise<boolean>[] = [];
    for (let i = 0; i < count; i++) all.push(this.records.put(keyOf(i), this.record(round)));
    await Promise.all(all);
  }

  async close(): Promise<void> {
    await this.records.close();
  }

  private record(content: number): Buffer {
    const record = Buffer.alloc(this.bytes);
    record.writeUInt32LE(content);
    return record;
  }
}

const keyOf = (id: number): Buffer => Buffer.from(`entity/Account/n${id}`);
