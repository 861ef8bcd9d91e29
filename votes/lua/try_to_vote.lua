-- May these tries at one poll pass? Counts distinct nonces per voter, and tries per network and poll, in a minute.
-- What is refused is counted by the hour and by the limit that refused it.
-- KEYS: 1 the poll's count, 2 the day's refused tries,
--       then for each try: the voter's nonces, the network's count, who has been seen voting.
-- ARGV: 1 limit per voter, 2 per network, 3 per poll, 4 seconds left in the minute, 5 the day's hour,
--       6 seconds to keep refused tries, then for each try: nonce, voter's tag, 1 where the network is limited.
-- Returns for each try: -1 seen voting, 0 pass, or the seconds to wait.
local per_voter, per_network, per_poll = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wait = tonumber(ARGV[4])

local function count_up(key, before)
  redis.call('INCR', key)
  if before == 0 then redis.call('EXPIRE', key, 120) end
end

local function refuse(limit)
  if redis.call('HINCRBY', KEYS[2], ARGV[5] .. ':' .. limit, 1) == 1 then redis.call('EXPIRE', KEYS[2], ARGV[6]) end
  return wait
end

local function try(voter_key, network_key, seen_key, nonce, tag, limited)
  local passed = -redis.call('SISMEMBER', seen_key, tag)
  if redis.call('SISMEMBER', voter_key, nonce) == 1 then return passed end
  local voter = redis.call('SCARD', voter_key)
  local network = tonumber(redis.call('GET', network_key) or '0')
  local poll = tonumber(redis.call('GET', KEYS[1]) or '0')
  if voter >= per_voter then return refuse('voter') end
  if limited and network >= per_network then return refuse('network') end
  if poll >= per_poll then return refuse('poll') end
  redis.call('SADD', voter_key, nonce)
  if voter == 0 then redis.call('EXPIRE', voter_key, 120) end
  count_up(network_key, network)
  count_up(KEYS[1], poll)
  return passed
end

local answers = {}
for i = 1, (#ARGV - 6) / 3 do
  local key, argument = 3 * i, 3 * i + 4
  answers[i] = try(KEYS[key], KEYS[key + 1], KEYS[key + 2], ARGV[argument], ARGV[argument + 1], ARGV[argument + 2] == '1')
end
return answers
