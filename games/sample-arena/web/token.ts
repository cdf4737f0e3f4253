const KEY = 'skerry-arena.token.';
const TABS_MAX = 8;

/**
 * The secret that makes this browser the same player again. Two tabs are two players: each holds the lock of its own
 * token for as long as it lives. Without locks (a page that is not served securely) a tab keeps a token to itself.
 */
export async function tokenOfThisTab(): Promise<string> {
  if (!navigator.locks) return keep(sessionStorage, `${KEY}own`);
  for (let tab = 0; tab < TABS_MAX; tab++)
    if (await lockForever(`${KEY}${tab}`)) return keep(localStorage, `${KEY}${tab}`);
  return keep(sessionStorage, `${KEY}own`);
}

/** False when another tab has it. */
function lockForever(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock === null ? undefined : new Promise(() => {});
      })
      .catch(() => resolve(false));
  });
}

function keep(storage: Storage, key: string): string {
  try {
    const kept = storage.getItem(key);
    if (kept && kept.length >= 16) return kept;
    const token = fresh();
    storage.setItem(key, token);
    return token;
  } catch {
    // Storage is off: a player for as long as the page is open.
    return fresh();
  }
}

function fresh(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
