import type { EntityId } from '../engine/base/entity-id.ts';
import type { Generated, GeneratedContract, GeneratedOperation } from '../engine/contract/generated.ts';
import type { Proxy, Sender } from '../engine/contract/proxy.ts';
import { Reader, type References } from '../transport/codec/reader.ts';
import { OVERFLOW, Writer } from '../transport/codec/writer.ts';
import { type GeneratedText, generate } from './generate.ts';

/** Where a payload starts in the memory of a trial: decoders and encoders must not take 0 for granted. */
const OFFSET = 24;

/** Contracts given as source text, generated and imported, with nothing behind them: for tests and measurements of generated code. */
export interface Trial extends GeneratedText {
  generated: Generated;
  /** `Contract.operation` */
  operation(name: string): GeneratedOperation;
  /** A proxy to pass as an argument. */
  proxy(contractName: string, id?: EntityId): Proxy;
  /** Fresh bytes of the payload that `Contract.operation` sends; throws what it refuses. */
  payload(name: string, args: readonly unknown[]): Uint8Array;
}

/** `files` by absolute path; every one may declare contracts. */
export async function tryContracts(files: Readonly<Record<string, string>>): Promise<Trial> {
  const read = (path: string): string | undefined => files[path];
  const door = new URL('../engine/generated.js', import.meta.url).href;
  const specifierOf = (file: string): string => dataUrl(constantsOf(files[file]!));
  const text = generate(Object.keys(files), read, specifierOf, door);
  const { generated } = (await import(dataUrl(text.module))) as { generated: Generated };
  const contractOf = (name: string): GeneratedContract => generated.contracts.find(({ model }) => model.name === name)!;
  return {
    ...text,
    generated,
    operation(name) {
      const [contract, operation] = name.split('.');
      return contractOf(contract!).operations.find((one) => one.name === operation)!;
    },
    proxy: (contractName, id = 0) => new (contractOf(contractName).Proxy)(new TrialSender(), id),
    payload(name, args) {
      const [contract, operation] = name.split('.');
      const sender = new TrialSender();
      const proxy: any = new (contractOf(contract!).Proxy)(sender, 0);
      proxy[operation!](...args);
      return sender.payload();
    },
  };
}

function dataUrl(module: string): string {
  return `data:text/javascript;base64,${Buffer.from(module).toString('base64')}`;
}

/** Generated modules only hand the constants on. */
function constantsOf(source: string): string {
  const names = [...source.matchAll(/export const (\w+) =/g)].map((match) => match[1]);
  return names.map((name) => `export const ${name} = { name: ${JSON.stringify(name)}, operations: [] };`).join('\n');
}

/** Hands out no byte more than is asked for, in shared memory, so that every way through `grow` is walked. */
class TrialSender implements Sender {
  #bytes = 0;
  #out: Writer | undefined;

  open(_proxy: Proxy, _operation: number, bytes: number): Writer {
    return this.#claim(bytes);
  }

  openKept(proxy: Proxy, operation: number, bytes: number): Writer {
    return this.open(proxy, operation, bytes);
  }

  keep(): void {}

  grow(error: unknown): Writer {
    if (error !== OVERFLOW) throw error;
    return this.#claim(this.#bytes * 2 + 1);
  }

  call(): Promise<unknown> {
    return Promise.resolve();
  }

  send(): void {}

  refuse(_proxy: Proxy, _operation: number, error: unknown): Promise<never> {
    throw error;
  }

  #claim(bytes: number): Writer {
    this.#bytes = bytes;
    this.#out = new Writer(new Uint8Array(new SharedArrayBuffer(OFFSET + bytes + 8)), OFFSET, OFFSET + bytes);
    return this.#out;
  }

  payload(): Uint8Array {
    return this.#out!.bytes.slice(OFFSET, this.#out!.at);
  }
}

/** Bytes of a result, encoded in place with as little room as it takes. */
export function resultBytes(operation: GeneratedOperation, value: unknown): Uint8Array {
  for (let bytes = 0; ; bytes = bytes * 2 + 1) {
    const out = new Writer(new Uint8Array(new SharedArrayBuffer(OFFSET + bytes)), OFFSET);
    try {
      operation.writeResult(out, value);
      return out.bytes.slice(OFFSET, out.at);
    } catch (error) {
      if (error !== OVERFLOW) throw error;
    }
  }
}

/** A reader over a copy of `bytes` in shared memory; what follows them there is not theirs. */
export function readerOf(bytes: Uint8Array, references?: References): Reader {
  const memory = new Uint8Array(new SharedArrayBuffer(OFFSET + bytes.length + 8)).fill(0x5a);
  memory.set(bytes, OFFSET);
  const input = new Reader(memory, OFFSET, OFFSET + bytes.length);
  input.references = references;
  return input;
}

/** What the target of a dispatch is called with. */
export function argumentsOf(operation: GeneratedOperation, bytes: Uint8Array, references?: References): unknown[] {
  const target = { [operation.name]: (...args: unknown[]) => args };
  return operation.dispatch(target, readerOf(bytes, references)) as unknown[];
}
