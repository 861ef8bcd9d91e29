/* Sending the ballot until there is an answer: the same choices under the same nonce, however often. */
(function (votes) {
  "use strict";

  const WAITS = [1, 2, 4, 8, 15, 30];
  let wake = null;

  function token() {
    return document.querySelector('meta[name="csrf-token"]').content;
  }

  /* A page left open over midnight carries yesterday's token. */
  function renewToken() {
    return votes.request("GET", votes.address, { json: false }).then(function (answer) {
      const page = new DOMParser().parseFromString(answer.body, "text/html");
      const fresh = page.querySelector('meta[name="csrf-token"]');
      if (!fresh || fresh.content === token()) return false;
      document.querySelector('meta[name="csrf-token"]').content = fresh.content;
      return true;
    });
  }

  function post() {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
    if (/^[\x20-\x7e]+$/.test(votes.source())) headers["X-Channel"] = votes.source();
    return votes.request("POST", votes.address + "/ballots", {
      headers: headers,
      body: JSON.stringify({ choices: votes.draft.choices(), nonce: votes.draft.nonce() })
    });
  }

  function pause(seconds) {
    return new Promise(function (resolve) {
      const timer = setTimeout(resolve, seconds * 1000);
      wake = function () {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function isFinal(answer) {
    const known = answer.body && answer.body.status;
    return Boolean(known) && answer.status < 500 && answer.status !== 429;
  }

  function sentenceFor(answer, seconds) {
    if (answer && answer.status === 429) return "现在提交的人多，" + seconds + "秒后自动再试，请不要关闭。您的选择没有丢。";
    if (navigator.onLine === false) return "手机没有连上网络。尚未确认，连上后自动再试，请不要关闭。";
    return "尚未确认，正在重试，请不要关闭。您的选择没有丢。";
  }

  async function once(renewed) {
    try {
      const answer = await post();
      const stale = answer.status === 403 && answer.body.reason === "csrf";
      return stale && !renewed && (await renewToken()) ? once(true) : answer;
    } catch (error) {
      return null;
    }
  }

  /* Resolves to the final answer's body. `onWait(sentence)` is called before each pause, `onTry` before each try. */
  votes.send = async function (onTry, onWait) {
    votes.draft.lock();
    for (let tries = 0; ; tries += 1) {
      onTry();
      const answer = await once(false);
      if (answer && isFinal(answer)) return answer.body;
      const step = WAITS[Math.min(tries, WAITS.length - 1)] * (1 + Math.random() / 3);
      const seconds = Math.ceil(Math.max(step, answer ? answer.retryAfter : 0));
      onWait(sentenceFor(answer, seconds));
      await pause(seconds);
    }
  };

  votes.sendNow = function () {
    if (wake) wake();
  };

  window.addEventListener("online", votes.sendNow);
})((window.votes = window.votes || {}));
