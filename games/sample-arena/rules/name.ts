const LENGTH_MAX = 16;
const NAMELESS = 'Castaway';

/** A name fit to show to others: no control or formatting characters, single spaces, at most 16 characters. */
export function cleanName(name: string): string {
  const visible = name
    .slice(0, 200)
    .normalize('NFC')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .replace(/\s+/gu, ' ')
    // Stacked accents reach over other people's names.
    .replace(/(\p{M}{2})\p{M}+/gu, '$1')
    .trim();
  return [...visible].slice(0, LENGTH_MAX).join('').trim() || NAMELESS;
}
