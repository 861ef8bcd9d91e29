/* What is personal: who reads, whether there is a receipt, and what the server's clock says. */
(function (votes) {
  "use strict";

  const page = document.documentElement;
  let offset = 0;

  votes.me = null;

  votes.now = function () { return Date.now() + offset; };

  votes.phase = function () { return votes.me ? votes.me.state : votes.root.dataset.state; };

  /* A User-Agent is easily forged: this only decides what is shown. */
  votes.inWechat = function () {
    return /MicroMessenger/i.test(navigator.userAgent) || Boolean(votes.me && votes.me.sandbox);
  };

  votes.showMoment = function (iso) {
    const here = new Date(Date.parse(iso) + 8 * 3600 * 1000); // Asia/Shanghai keeps no summer time
    const minutes = ("0" + here.getUTCMinutes()).slice(-2);
    return here.getUTCMonth() + 1 + "月" + here.getUTCDate() + "日 " + ("0" + here.getUTCHours()).slice(-2) + ":" + minutes;
  };

  function browseOnly() {
    return votes.phase() !== "open" || Boolean(votes.me && (votes.me.receipt || votes.me.snapshot));
  }

  function apply() {
    page.classList.toggle("browse", browseOnly());
    document.dispatchEvent(new CustomEvent("votes:me"));
  }

  function receive(me) {
    votes.me = me;
    offset = Date.parse(me.now) - Date.now();
    if (votes.root.dataset.period === "daily") {
      votes.draft.enterDay(new Date(Date.parse(me.now) + 8 * 3600 * 1000).toISOString().slice(0, 10));
    }
    apply();
  }

  votes.loadMe = function () {
    return votes.request("GET", votes.address + "/me.json").then(
      function (answer) { if (answer.status === 200) receive(answer.body); },
      function () { /* offline: the page stays usable, sending will ask again */ }
    );
  };

  votes.keepReceipt = function (receipt) {
    votes.me = Object.assign({ signed_in: true, state: votes.phase() }, votes.me, { receipt: receipt });
    apply();
  };

  /* Leaves for WeChat's sign-in; on return the page goes on at `section`. */
  votes.signIn = function (section) {
    votes.session.setItem("resume:" + votes.address, section);
    location.href = "/wechat/login?next=" + encodeURIComponent(votes.address);
  };

  page.classList.toggle("browse", browseOnly());
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) votes.loadMe(); // a page taken from the phone's memory is as old as it was left
  });
})((window.votes = window.votes || {}));
