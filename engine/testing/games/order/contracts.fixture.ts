import { contract, type int32 } from 'skerry';

export type Level = 'low' | 'medium' | 'high';

export interface Message {
  from: string;
  ordered: boolean;
  priority: Level;
  /** Counts the messages of one sender to one receiver in one priority; those without order by themselves. */
  sequence: int32;
  /** Makes some messages larger than others. */
  padding: string;
}

/** Notes what arrives. Its id says how its activation goes: at once, after a pause, or after failures. */
export interface Receiver {
  oneWay(message: Message): void;
  request(message: Message): Promise<int32>;
  /** Has others wait while it is on. */
  locked(message: Message): Promise<void>;
  single(message: Message): Promise<void>;
  /** Of which no order is promised. */
  reliable(message: Message): Promise<void>;
  /** Its answer says that everything sent before it has arrived. */
  mark(): Promise<void>;
  received(): Promise<Message[]>;
}
export const Receiver = contract<Receiver>('Receiver', {
  oneWay: {},
  request: {},
  locked: { lock: 'entity' },
  single: { lock: 'method' },
  reliable: { reliability: 'reliable' },
  mark: {},
  received: {},
});

export interface Step {
  receiver: string;
  priority: Level;
  /** `destroy` ends the activation; the next message makes another. */
  operation: 'oneWay' | 'request' | 'locked' | 'single' | 'reliable' | 'destroy';
  awaited: boolean;
  padding: int32;
}

/** Sends what a script says. */
export interface Sender {
  /** Answers with how many calls failed. */
  run(script: Step[]): Promise<int32>;
}
export const Sender = contract<Sender>('Sender', { run: { timeout: '5m' } });
