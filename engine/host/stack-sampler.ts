import { Session } from 'node:inspector';

/** How long a thread may take to stop for a look. One in native code does not. */
const PAUSE_MS_MAX = 300;
const FRAMES_MAX = 12;

/** A thread's JavaScript stack, seen from outside. */
export interface StackSample {
  /** `function (file:line:column)`, the innermost first. */
  readonly stack: readonly string[];
  /** Frames whose `this` is an object of a class with an id, the innermost first. */
  readonly owners: readonly { readonly className: string; readonly id: unknown; readonly method: string }[];
}

interface CallFrame {
  readonly callFrameId: string;
  readonly functionName: string;
  readonly url: string;
  readonly location: { readonly lineNumber: number; readonly columnNumber: number };
  readonly this: { readonly type: string; readonly className?: string };
}

/**
 * Looks at the stack of a thread that is blocked, through the inspector of this process: V8 stops it between two instructions, in tight loops
 * and regular expressions too. One session for the life of the host, made when it is first needed, with the debugger off but for the moment of a look: code that is watched runs slower.
 */
export class StackSampler {
  private session: Session | undefined = undefined;
  /** Inspector session by thread id. */
  private readonly sessions = new Map<number, string>();
  private readonly answers = new Map<number, (result: unknown) => void>();
  private readonly pauses = new Map<string, (frames: readonly CallFrame[]) => void>();
  private requests = 0;
  private busy: Promise<unknown> = Promise.resolve();

  /** Undefined when the thread did not stop in time. */
  sample(threadId: number): Promise<StackSample | undefined> {
    const sample = this.busy.then(() => this.sampleAlone(threadId).catch(() => undefined));
    this.busy = sample;
    return sample;
  }

  close(): void {
    this.session?.disconnect();
    this.session = undefined;
  }

  private async sampleAlone(threadId: number): Promise<StackSample | undefined> {
    await this.connect();
    const session = this.sessions.get(threadId);
    if (session === undefined) return undefined;
    const paused = new Promise<readonly CallFrame[]>((resolve) => this.pauses.set(session, resolve));
    void this.ask(session, 'Debugger.enable');
    void this.ask(session, 'Debugger.pause');
    const frames = await within(PAUSE_MS_MAX, paused);
    this.pauses.delete(session);
    const owners = frames === undefined ? [] : await within(PAUSE_MS_MAX, this.ownersOf(session, frames));
    // Also lets it run again; one that has not stopped yet reads both and does not stop.
    void this.ask(session, 'Debugger.disable');
    if (frames === undefined) return undefined;
    return { stack: frames.slice(0, FRAMES_MAX).map(spell), owners: owners ?? [] };
  }

  private async ownersOf(session: string, frames: readonly CallFrame[]): Promise<StackSample['owners']> {
    const owners: StackSample['owners'][number][] = [];
    for (const { callFrameId, functionName, this: self } of frames.slice(0, FRAMES_MAX)) {
      if (self.type !== 'object' || self.className === undefined) continue;
      // Evaluated in the frame, so that no getter of game code is asked but `id`; a bigint does not travel as a value.
      const expression = "typeof this.id === 'bigint' ? { big: String(this.id) } : { id: this.id }";
      const answer = await this.ask(session, 'Debugger.evaluateOnCallFrame', {
        callFrameId,
        expression: `(${expression})`,
        returnByValue: true,
        silent: true,
      });
      const value = (answer as { result?: { value?: { id?: unknown; big?: string } } }).result?.value;
      if (value === undefined) continue;
      const id = value.big === undefined ? value.id : BigInt(value.big);
      if (id !== undefined) owners.push({ className: self.className, id, method: functionName });
    }
    return owners;
  }

  private async connect(): Promise<void> {
    if (this.session !== undefined) return;
    const session = new Session();
    session.connect();
    this.session = session;
    session.on('NodeWorker.attachedToWorker' as 'inspectorNotification', (event) => {
      const { sessionId, workerInfo } = event.params as unknown as {
        sessionId: string;
        workerInfo: { title: string };
      };
      // `workerId` counts what this session saw; the title has the thread's own id: '[worker 3] node 0'.
      const threadId = /^\[worker (\d+)\]/.exec(workerInfo.title)?.[1];
      if (threadId !== undefined) this.sessions.set(Number(threadId), sessionId);
    });
    session.on('NodeWorker.receivedMessageFromWorker' as 'inspectorNotification', (event) => {
      const { sessionId, message } = event.params as unknown as { sessionId: string; message: string };
      this.heard(sessionId, JSON.parse(message));
    });
    await new Promise<void>((resolve, reject) => {
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    // The workers that live are announced behind the answer.
    await new Promise((resolve) => setImmediate(resolve));
  }

  private heard(session: string, message: { id?: number; result?: unknown; method?: string; params?: unknown }): void {
    if (message.id !== undefined) {
      this.answers.get(message.id)?.(message.result);
      this.answers.delete(message.id);
    } else if (message.method === 'Debugger.paused') {
      this.pauses.get(session)?.((message.params as { callFrames: readonly CallFrame[] }).callFrames);
    }
  }

  private ask(sessionId: string, method: string, params: object = {}): Promise<unknown> {
    const id = ++this.requests;
    const answer = new Promise<unknown>((resolve) => this.answers.set(id, resolve));
    const message = JSON.stringify({ id, method, params });
    this.session?.post('NodeWorker.sendMessageToWorker', { sessionId, message }, () => {});
    return answer;
  }
}

function spell({ functionName, url, location }: CallFrame): string {
  const place =
    url === '' ? '' : ` (${url.replace(/^file:\/\//, '')}:${location.lineNumber + 1}:${location.columnNumber + 1})`;
  return `${functionName || '<anonymous>'}${place}`;
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}
