import { contract, type int32 } from 'skerry';

export interface Postman {
  /** To a principal, or to a group; the answer of a client. */
  tell(to: string, text: string): void;
  show(to: string, text: string): void;
  ask(to: string, question: string): Promise<string>;
  /** Of the client that calls, at once and after it was asked again by `askAgain`. */
  askBack(question: string): Promise<string>;
  askAgain(question: string): Promise<string>;
  tellAgain(text: string): Promise<void>;
  enlist(group: string, who: string): Promise<void>;
  dismiss(group: string, who: string): Promise<void>;
  shout(group: string, text: string): void;
  /** Joins and shouts without waiting. */
  enlistAndShout(group: string, who: string, text: string): void;

  /** Name of the host that it is on; all postmen that live, wherever. */
  where(): Promise<string>;
  everybody(): Promise<int32[]>;

  /** Ends when its caller gives up; `givenUp` says how many have. */
  waitForEver(): Promise<void>;
  givenUp(): Promise<int32>;
  /** Holds itself; once so many do so, as they tell a third one, wants to touch the other one. */
  grasp(other: int32, place: int32, count: int32): Promise<string>;
  /** Resolves when so many have come. */
  gather(count: int32): Promise<void>;
  touch(): Promise<string>;
  /** Through the other one back to itself, under its own lock. */
  around(other: int32): Promise<string>;
  bounce(back: int32): Promise<string>;
}
export const Postman = contract<Postman>('Postman', {
  tell: { access: 'client' },
  show: { access: 'client' },
  ask: { access: 'client' },
  askBack: { access: 'client' },
  askAgain: {},
  tellAgain: {},
  enlist: { access: 'client' },
  dismiss: { access: 'client' },
  shout: { access: 'client' },
  enlistAndShout: { access: 'client' },
  where: { access: 'client' },
  everybody: { access: 'client' },
  waitForEver: { access: 'client' },
  givenUp: { access: 'client' },
  grasp: { access: 'client', lock: 'entity' },
  gather: {},
  touch: { lock: 'entity' },
  around: { access: 'client', lock: 'entity' },
  bounce: { lock: 'entity' },
});

/** Implemented by clients. */
export interface Inbox {
  letter(text: string): void;
  sight(text: string): void;
  question(text: string): Promise<string>;
}
export const Inbox = contract<Inbox>('Inbox', {
  letter: {},
  sight: { reliability: 'unreliableOrdered' },
  question: { timeout: '5s' },
});
