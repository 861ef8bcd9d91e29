-- May this try pass? Counts distinct nonces per voter, and tries per network and poll, in windows of one minute.
-- KEYS: 1 the voter's nonces, 2 the network's count, 3 the poll's count, 4 who has been seen voting
-- ARGV: 1 nonce, 2 limit per voter, 3 per network, 4 per poll, 5 seconds left in the window, 6 voter's tag
-- Returns: -1 seen voting, 0 pass, or the seconds to wait.
if redis.call('SISMEMBER', KEYS[4], ARGV[6]) == 1 then
  return -1
end
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  return 0
end
local voter = redis.call('SCARD', KEYS[1])
local network = tonumber(redis.call('GET', KEYS[2]) or '0')
local poll = tonumber(redis.call('GET', KEYS[3]) or '0')
local network_limit = tonumber(ARGV[3])
if voter >= tonumber(ARGV[2]) or poll >= tonumber(ARGV[4]) or (network_limit > 0 and network >= network_limit) then
  return tonumber(ARGV[5])
end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('INCR', KEYS[2])
redis.call('INCR', KEYS[3])
if voter == 0 then redis.call('EXPIRE', KEYS[1], 120) end
if network == 0 then redis.call('EXPIRE', KEYS[2], 120) end
if poll == 0 then redis.call('EXPIRE', KEYS[3], 120) end
return 0
