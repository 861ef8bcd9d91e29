-- Add a part to the tally if it stands where the part begins.
-- KEYS: 1 tally. ARGV: 1 epoch, 2 expected number, 3 new number, then candidate, votes, …
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'number') ~= ARGV[2] then
  return 0
end
for i = 4, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('HSET', KEYS[1], 'number', ARGV[3])
return 1
