const TEXT_MAX = 60;

/** A value as messages name it: short, on one line, and without running any code of its own. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`.length > TEXT_MAX ? 'a large bigint' : `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'symbol':
      return 'a symbol';
    case 'function':
      return 'a function';
    default:
      return value === null ? 'null' : showObject(value as object);
  }
}

function showObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = className(value);
  return name === '' || name === 'Object' ? 'an object' : `an instance of ${name}`;
}

function className(value: object): string {
  try {
    const constructor = Object.getPrototypeOf(value)?.constructor;
    const name: unknown = typeof constructor === 'function' ? constructor.name : '';
    return typeof name === 'string' ? name.slice(0, TEXT_MAX) : '';
  } catch {
    return '';
  }
}

/** `.name`, or `["na me"]` for what is no name. */
export function showKey(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${show(key)}]`;
}
