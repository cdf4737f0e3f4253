/**
 * What runs inside the Redis server, so that check and write are one step. A record is a hash of `e` (etag), `p` (epoch) and `b` (bytes).
 * All keys share the hash tag of the store's name, so they live on one shard of a Redis cluster as well.
 */

/** KEYS: claims. ARGV: slot, epoch. → 1, or 0 when a higher epoch has claimed the slot. */
export const CLAIM = `
local now = redis.call('HGET', KEYS[1], ARGV[1])
if now and tonumber(now) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`;

/**
 * KEYS: claims, number of the last save, then one per record. ARGV, five per record: slot, epoch, expected etag ('' for none), 'put' or
 * 'delete', bytes. → the new etags, or { 'fenced' | 'conflict', index } and nothing is changed.
 */
export const SAVE = `
local count = #KEYS - 2
for i = 1, count do
  local at = (i - 1) * 5
  if redis.call('HGET', KEYS[1], ARGV[at + 1]) ~= ARGV[at + 2] then return { 'fenced', tostring(i - 1) } end
  local etag = redis.call('HGET', KEYS[i + 2], 'e') or ''
  if etag ~= ARGV[at + 3] then return { 'conflict', tostring(i - 1) } end
end
local etags = { 'saved' }
for i = 1, count do
  local at = (i - 1) * 5
  if ARGV[at + 4] == 'delete' then
    redis.call('DEL', KEYS[i + 2])
    etags[i + 1] = ''
  else
    local etag = tostring(redis.call('INCR', KEYS[2]))
    redis.call('HSET', KEYS[i + 2], 'e', etag, 'p', ARGV[at + 2], 'b', ARGV[at + 5])
    etags[i + 1] = etag
  end
end
return etags
`;
