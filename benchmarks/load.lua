-- Sends requests for a while, each with a voter and nonce of its own, then waits until all are answered.
-- Arguments: 1 mode (ballot, hello, naive, page), 2 file of "cookie nonce" lines, 3 seconds, 4 path, 5 origin,
-- 6 token, 7 JSON list of choices, 8 status expected.
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long nanoseconds; } moment_t; int clock_gettime(int, moment_t*);")
local moment = ffi.new("moment_t")
local threads = {}

local function now()
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

function setup(thread)
  thread:set("index", #threads)
  table.insert(threads, thread)
end

function init(args)
  mode, lasting, path = args[1], tonumber(args[3]), args[4]
  origin, token, choices, expected = args[5], args[6], args[7], tonumber(args[8])
  good, bad, sent, voters, took = 0, 0, 0, {}, 0
  rehearsal = index == 0 -- wrk has the first thread make one request that is never sent
  local number = 0
  for line in io.lines(args[2]) do
    if number % 2 == index then table.insert(voters, line) end
    number = number + 1
  end
end

function request()
  if rehearsal then
    rehearsal = false
    return wrk.format("GET", "/healthz")
  end
  started = started or now()
  sent = sent + 1
  if sent > #voters or now() - started > lasting then return wrk.format("GET", "/healthz") end
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
    took = now() - started
  elseif not (status == 200 and #body < 100) then
    bad = bad + 1
  end
end

function done(summary, latency, requests)
  local accepted, refused, rate = 0, 0, 0
  for _, thread in ipairs(threads) do
    accepted = accepted + thread:get("good")
    refused = refused + thread:get("bad")
    rate = rate + thread:get("good") / thread:get("took")
  end
  local timeouts = summary.errors.timeout + summary.errors.connect + summary.errors.read
  print(string.format('RESULT {"rate": %f, "good": %d, "bad": %d, "p50": %d, "p99": %d}',
    rate, accepted, refused + timeouts, latency:percentile(50), latency:percentile(99)))
end
