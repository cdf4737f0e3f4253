import type { GeneratedOperation } from '../engine/contract/generated.ts';
import type { Proxy, Sender } from '../engine/contract/proxy.ts';
import { Reader } from '../transport/codec/reader.ts';
import { Writer } from '../transport/codec/writer.ts';
import type { Target } from './games/ping/contracts.ts';
import { pingGame } from './ping-host.ts';

const BYTES = 65_536;
/** Where a frame would begin in a ring. */
const AT = 64;
const ANSWERED = Promise.resolve();

/** The generated code of the benchmark game over memory like a ring's, with nothing behind it. */
export class GeneratedCodec implements Sender {
  /** Its methods check and encode; nothing is sent. */
  readonly proxy: Target;
  private readonly writer: Writer;
  private readonly reader: Reader;
  private readonly operations: ReadonlyMap<string, GeneratedOperation>;

  private constructor(
    ProxyClass: new (sender: Sender, id: number) => Proxy,
    operations: readonly GeneratedOperation[],
  ) {
    const bytes = new Uint8Array(new SharedArrayBuffer(BYTES));
    this.writer = new Writer(bytes);
    this.reader = new Reader(bytes);
    this.proxy = new ProxyClass(this, 1) as Proxy & Target;
    this.operations = new Map(operations.map((operation) => [operation.name, operation]));
  }

  static async create(): Promise<GeneratedCodec> {
    const { generated } = await pingGame();
    const target = generated.contracts.find(({ contract }) => contract.name === 'Target')!;
    return new GeneratedCodec(target.Proxy, target.operations);
  }

  /** Decodes what was encoded last, which must have been this operation, and calls the target with it. */
  decoder(operation: string, target: object): () => unknown {
    const { reader, writer } = this;
    const { dispatch } = this.operations.get(operation)!;
    return () => {
      reader.at = AT;
      reader.end = writer.at;
      return dispatch(target, reader);
    };
  }

  get encodedBytes(): number {
    return this.writer.at - AT;
  }

  open(): Writer {
    this.writer.at = AT;
    return this.writer;
  }

  call(): Promise<unknown> {
    return ANSWERED;
  }

  send(): void {}

  openKept(): Writer {
    return this.open();
  }

  keep(): void {}

  grow(error: unknown): Writer {
    throw error;
  }

  refuse(_proxy: Proxy, _operation: number, error: unknown): Promise<never> {
    throw error;
  }
}
