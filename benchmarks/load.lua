-- Sends a fixed number of requests, each with a voter and nonce of its own, and counts the answers.
-- Arguments: 1 mode (ballot, hello, naive, page), 2 file of "cookie nonce" lines, 3 first line, 4 requests per
-- thread, 5 path, 6 origin, 7 token, 8 JSON list of choices, 9 answer expected.
local threads = {}

function setup(thread)
  thread:set("index", #threads)
  table.insert(threads, thread)
end

function init(args)
  mode, share, path = args[1], tonumber(args[4]), args[5]
  origin, token, choices, expected = args[6], args[7], args[8], tonumber(args[9])
  good, bad, sent, voters = 0, 0, 0, {}
  rehearsal = index == 0 -- wrk has the first thread make one request that is never sent
  local skip, number = tonumber(args[3]) + index * share, 0
  for line in io.lines(args[2]) do
    if number >= skip and #voters < share then table.insert(voters, line) end
    number = number + 1
    if #voters >= share then break end
  end
end

function request()
  if rehearsal then
    rehearsal = false
    return wrk.format("GET", "/healthz")
  end
  sent = sent + 1
  if sent > share then return wrk.format("GET", "/healthz") end
  local cookie, nonce = voters[sent]:match("(%S+) (%S+)")
  if mode == "page" then
    return wrk.format("GET", path, { ["Cookie"] = "voter=" .. cookie, ["Accept-Encoding"] = "gzip" })
  end
  local body = '{"choices":' .. choices .. ',"nonce":"' .. nonce .. '"}'
  return wrk.format("POST", path, {
    ["Cookie"] = "voter=" .. cookie, ["Content-Type"] = "application/json",
    ["Origin"] = origin, ["X-CSRFToken"] = token,
  }, body)
end

function response(status, headers, body)
  if status == expected and (expected ~= 200 or #body > 1000) then
    good = good + 1
  elseif not (status == 200 and #body < 100) then
    bad = bad + 1
  end
  if good + bad >= share then wrk.thread:stop() end
end

function done(summary, latency, requests)
  local accepted, refused = 0, 0
  for _, thread in ipairs(threads) do
    accepted = accepted + thread:get("good")
    refused = refused + thread:get("bad")
  end
  print(string.format('RESULT {"seconds": %f, "good": %d, "bad": %d, "p50": %d, "p99": %d}',
    summary.duration / 1e6, accepted, refused, latency:percentile(50), latency:percentile(99)))
end
