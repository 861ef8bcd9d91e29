/* Asking the server, with a time-out; an answer that is not ours counts as no answer. */
(function (votes) {
  "use strict";

  document.documentElement.classList.add("scripted");

  /* Resolves to {status, body, retryAfter}; rejects when no complete answer came. */
  votes.request = function (method, url, options) {
    const settings = Object.assign({ headers: {}, body: null, json: true }, options);
    return new Promise(function (resolve, reject) {
      const call = new XMLHttpRequest();
      call.open(method, url);
      call.timeout = 12000;
      Object.keys(settings.headers).forEach(function (name) {
        call.setRequestHeader(name, settings.headers[name]);
      });
      call.onload = function () {
        let body = call.responseText;
        if (settings.json) {
          try {
            body = JSON.parse(body);
          } catch (error) {
            reject(new Error("not an answer of ours"));
            return;
          }
        }
        resolve({ status: call.status, body: body, retryAfter: Number(call.getResponseHeader("Retry-After")) || 0 });
      };
      call.onerror = call.ontimeout = call.onabort = function () {
        reject(new Error("no answer"));
      };
      call.send(settings.body);
    });
  };
})((window.votes = window.votes || {}));
