-- Put a whole count in the tally's place.
-- KEYS: 1 tally. ARGV: 1 epoch, 2 number, then candidate, votes, …
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'number', ARGV[2])
for i = 3, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
return 1
