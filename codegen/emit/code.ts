const RESERVED_WORDS =
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void while with yield';

/** Names that are taken where code is being written: unique ones come out, close to what was wished for. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string> = RESERVED_WORDS.split(' ')) {
    this.#taken = new Set(taken);
  }

  unique(wish: string): string {
    const base = identifier(wish);
    let name = base;
    for (let i = 2; this.#taken.has(name); i++) name = `${base}${i}`;
    this.#taken.add(name);
    return name;
  }

  /** For a function inside: what is taken here is taken there. */
  inner(): Names {
    return new Names(this.#taken);
  }
}

/** Lines with indentation. */
export class Code {
  readonly lines: string[] = [];
  #indent = '';

  line(text = ''): void {
    this.lines.push(text === '' ? '' : this.#indent + text);
  }

  /** `head {`, what `body` writes, `}` and `tail`. */
  block(head: string, body: () => void, tail = ''): void {
    this.line(head === '' ? '{' : `${head} {`);
    const indent = this.#indent;
    this.#indent += '  ';
    body();
    this.#indent = indent;
    this.line(`}${tail}`);
  }

  /** Text of several lines, each indented as the place asks for; `prefix` and `suffix` stand around the whole. */
  paste(prefix: string, text: string, suffix: string): void {
    const [first, ...rest] = `${prefix}${text}${suffix}`.split('\n');
    this.line(first);
    for (const line of rest) this.line(line);
  }

  toString(): string {
    return `${this.lines.join('\n')}\n`;
  }
}

export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}

function identifier(wish: string): string {
  const name = wish.replace(/[^\w$]+/g, '_').replace(/^(\d)/, '_$1');
  return name === '' || name === '_' ? 'value' : name;
}

/** `.name` or `["na-me"]`. */
export function access(name: string): string {
  return isIdentifier(name) ? `.${name}` : `[${text(name)}]`;
}

/** A key in a literal or the name of a method. `constructor` of a class would be the wrong thing, but operations are never called so. */
export function key(name: string): string {
  return isIdentifier(name) ? name : text(name);
}

/** A literal of JavaScript source. */
export function text(value: string | number | boolean): string {
  // Line separators are fine inside of strings today; lone surrogates come out escaped.
  return JSON.stringify(value);
}

/** 'DeepPinger' → 'DEEP_PINGER' */
export function constantCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/\W+/g, '_')
    .toUpperCase();
}
