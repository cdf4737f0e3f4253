/**
 * May a page of this origin open a socket here? Its own server's pages may, and those on the list. Without an Origin it is no browser, and
 * nobody's cookies or network are at stake. `host` is the request's Host header.
 */
export function originAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowed.includes(origin)) return true;
  if (host === undefined || !/^https?:\/\//.test(origin)) return false;
  try {
    return new URL(origin).host === new URL(`${origin.slice(0, origin.indexOf(':'))}://${host}`).host;
  } catch {
    return false;
  }
}
