const RESERVED_WORDS: readonly string[] =
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void while with yield'.split(
    ' ',
  );

/** Names that are taken where code is being written: unique ones come out, close to what was wished for. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string> = RESERVED_WORDS) {
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

const WIDTH = 140;

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
    this.indented(body);
    this.line(`}${tail}`);
  }

  indented(body: () => void): void {
    const indent = this.#indent;
    this.#indent += '  ';
    body();
    this.#indent = indent;
  }

  /** Plain data as a literal: on one line where it fits. */
  data(prefix: string, value: unknown, suffix: string): void {
    const flat = dataText(value);
    if (
      this.#indent.length + prefix.length + flat.length + suffix.length <= WIDTH ||
      typeof value !== 'object' ||
      value === null
    ) {
      this.line(`${prefix}${flat}${suffix}`);
      return;
    }
    const [open, close] = Array.isArray(value) ? '[]' : '{}';
    this.line(`${prefix}${open}`);
    this.indented(() => {
      for (const [name, item] of Object.entries(value))
        this.data(Array.isArray(value) ? '' : `${key(name)}: `, item, ',');
    });
    this.line(`${close}${suffix}`);
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

/** Could be the name of a local variable. */
export function isVariable(name: string): boolean {
  return isIdentifier(name) && !RESERVED_WORDS.includes(name);
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

function dataText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(dataText).join(', ')}]`;
  const entries = Object.entries(value).map(([name, item]) => `${key(name)}: ${dataText(item)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
