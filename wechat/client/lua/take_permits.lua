-- How many calls of a path may be made now? A bucket that fills evenly and holds a little, by Redis's own clock.
-- KEYS: 1 the bucket. ARGV: 1 permits a second, 2 how many it holds, 3 how many are wanted.
-- Returns how many are given, and the milliseconds until there is one again.
local rate, most, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'permits', 'at')
local permits, at = tonumber(kept[1] or most), tonumber(kept[2] or now)
permits = math.min(most, permits + math.max(now - at, 0) * rate)
local given = math.min(wanted, math.floor(permits))
permits = permits - given
redis.call('HSET', KEYS[1], 'permits', string.format('%.6f', permits), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(most / rate * 1000) + 1000)
return {given, permits >= 1 and 0 or math.ceil((1 - permits) / rate * 1000)}
