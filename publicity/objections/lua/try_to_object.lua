-- May this form be sent now? Counts forms, each once, by whoever sends them and, unless WeChat named them, by notice.
-- A form that was let through may be sent again, with its faults mended, a few times.
-- KEYS: 1 the forms of this sender in the hour, each with how often it was sent, 2 the notice's count of forms.
-- ARGV: 1 the form, 2 limit per sender, 3 limit per notice, 4 times one form may be sent, 5 seconds left in the hour,
--       6 1 where the notice's limit holds.
-- Returns 0 to pass, or the seconds to wait.
local times = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local wait = tonumber(ARGV[5])
if times > 0 then
  if times >= tonumber(ARGV[4]) then return wait end
  redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
  return 0
end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[2]) then return wait end
if ARGV[6] == '1' then
  if tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[3]) then return wait end
  redis.call('INCR', KEYS[2])
  redis.call('EXPIRE', KEYS[2], wait)
end
redis.call('HSET', KEYS[1], ARGV[1], 1)
redis.call('EXPIRE', KEYS[1], wait)
return 0
