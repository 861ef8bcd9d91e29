/* The ballot page as a whole: the welcome, the way from screen to screen, and sending. */
(function (votes) {
  "use strict";

  const STATES = { draft: "筹备中", not_open: "尚未开始", open: "投票进行中", closed: "投票已结束", certified: "结果已认证" };
  const NOT_YET = "还没投成功。提交后不可修改。";
  let sending = false;

  function byId(id) { return document.getElementById(id); }

  function howLong(milliseconds) {
    const minutes = Math.max(1, Math.floor(milliseconds / 60000));
    if (minutes < 60) return minutes + "分钟";
    const hours = Math.floor(minutes / 60);
    return hours < 24 ? hours + "小时" : Math.floor(hours / 24) + "天";
  }

  function timeLeft() {
    const until = { not_open: ["opens", "· 距开始还有"], open: ["closes", "· 还有"] }[votes.phase()];
    const moment = until ? Date.parse(votes.root.dataset[until[0]]) : NaN;
    return votes.me && moment > votes.now() ? until[1] + howLong(moment - votes.now()) : "";
  }

  function standing() {
    const me = votes.me;
    const count = votes.draft.choices().length;
    if (me && me.receipt) return votes.root.dataset.period === "daily" ? "您今天已经投票，明天还可以再投一次。" : "您已经投票，选票已收录。";
    if (me && me.note) return me.note;
    if (me && me.snapshot) return "现在是快照页，只能浏览。要投票，请点微信底部的“使用完整服务”。";
    if (votes.phase() === "open" && votes.draft.isLocked()) return "上次提交还没有得到答复，选票留在这台手机上。请继续，再试一次。";
    if (votes.phase() === "open" && count && !votes.draft.handed() && !votes.draft.offered()) return "您上次选了" + count + "个，还没有提交，留在这台手机上。";
    if (votes.phase() === "not_open") return "还没有开始，可以先看候选对象。";
    if (votes.phase() === "closed" || votes.phase() === "certified") return "投票已经结束，不再收选票。" + (me && !me.results ? "结果认证后公布。" : "");
    return "";
  }

  function showWelcome() {
    const open = votes.phase() === "open";
    const receipt = votes.me && votes.me.receipt;
    byId("state").textContent = STATES[votes.phase()];
    byId("state").classList.toggle("off", !open);
    byId("left").textContent = timeLeft();
    byId("standing").textContent = standing();
    byId("standing").hidden = !standing();
    const choosing = open && votes.canChoose();
    byId("start").textContent = !choosing ? "看候选对象" : votes.isHanded() ? "核对选票" : votes.draft.choices().length ? "继续投票" : "看候选对象，开始投票";
    const results = Boolean(votes.me && votes.me.results);
    const certified = results && votes.phase() === "certified";
    byId("start").classList.toggle("main", !receipt && !certified);
    byId("see-receipt").hidden = !receipt;
    byId("see-receipt").classList.toggle("main", Boolean(receipt) && !certified);
    byId("see-results").hidden = !results;
    byId("see-results").classList.toggle("main", certified);
  }

  /* Leads to where voting is possible; true when the reader had to be led away. */
  function leadAway(section) {
    if (!votes.canChoose()) return false;
    if (votes.me && !votes.inWechat()) {
      votes.sections.go("wechat");
      return true;
    }
    if (votes.me && !votes.me.signed_in) {
      votes.signIn(section);
      return true;
    }
    return false;
  }

  function begin(event) {
    votes.draft.seeRules();
    const section = votes.draft.isLocked() || votes.isHanded() ? "review" : "list";
    if (leadAway(section)) event.preventDefault();
    else if (section === "review" && votes.canChoose()) {
      event.preventDefault();
      votes.sections.go(section);
    }
  }

  /* Names the awards nothing was chosen for: the last chance to notice one that was overlooked. */
  function notYet() {
    const empty = votes.awards.filter(function (award) { return !award.min && !votes.chosenIn(award).length; });
    if (!empty.length || empty.length === votes.awards.length) return NOT_YET;
    const names = empty.map(function (award) { return award.name; });
    return NOT_YET + (names.length > 3 ? "还有" + names.length + "个奖项" : names.join("、")) + "还没有选，可以不选。";
  }

  function changeReview() {
    if (votes.sections.current() === "review" && !sending && !votes.draft.isLocked()) showWaiting(notYet(), false);
  }

  function enterReview() {
    if (!votes.canChoose()) {
      votes.sections.goInstead(votes.me && votes.me.receipt ? "done" : "welcome");
      return;
    }
    votes.drawReview();
    if (!sending) showWaiting(votes.draft.isLocked() ? "尚未确认。上次提交没有得到答复，请再试一次，不会重复计票。" : notYet(), votes.draft.isLocked());
  }

  function showWaiting(sentence, again) {
    byId("sending").textContent = sentence;
    byId("confirm").disabled = false;
    byId("confirm").textContent = again ? "再试一次" : "确认投票";
    byId("think").hidden = again;
  }

  function showSending() {
    byId("confirm").disabled = true;
    byId("confirm").textContent = "正在提交…";
    byId("think").hidden = true;
  }

  function send() {
    sending = true;
    showSending();
    votes.send(showSending, function (sentence) { showWaiting(sentence, true); }).then(function (body) {
      sending = false;
      votes.finish(body);
    });
  }

  function confirm() {
    if (sending) {
      votes.sendNow();
      return;
    }
    const fault = votes.faultOfBallot();
    if (fault) byId("sending").textContent = fault;
    else if (!leadAway("review")) send();
  }

  function resume() {
    const key = "resume:" + votes.address;
    const section = votes.session.getItem(key);
    if (!section || !votes.me.signed_in) return;
    votes.session.removeItem(key);
    if (votes.canChoose() && votes.sections.current() === "welcome") votes.sections.go(section);
  }

  function receiveMe() {
    showWelcome();
    resume();
    const here = votes.sections.current();
    if (votes.me.receipt && votes.draft.isLocked() && !sending) send(); // only the nonce tells whose receipt it is
    else if (here === "review" && !sending) enterReview();
  }

  function dropWithdrawn() {
    if (votes.draft.isLocked()) return;
    const choices = votes.draft.choices();
    const valid = choices.filter(votes.awardOf);
    if (valid.length < choices.length) {
      votes.draft.replace(valid);
      setTimeout(function () { votes.say("有候选对象已退出，已从您的选票里去掉。"); }, 0);
    }
  }

  dropWithdrawn();
  votes.startTakeOver();
  document.addEventListener("votes:draft", showWelcome);
  document.addEventListener("votes:draft", changeReview);
  document.addEventListener("votes:me", receiveMe);
  byId("start").addEventListener("click", begin);
  byId("confirm").addEventListener("click", confirm);
  byId("to-review").addEventListener("click", function (event) {
    if (leadAway("review")) event.preventDefault();
  });
  votes.sections.onEnter("welcome", function () {
    if (votes.me && votes.me.receipt && !votes.me.results) votes.loadMe(); // voting may have opened the results
  });
  votes.sections.onEnter("review", enterReview);
  votes.sections.onEnter("wechat", function () {
    votes.showCode(byId("code"), votes.source(), function (count, how) {
      byId("carried").textContent = !count ? "" : {
        drawn: "已选的" + count + "个会一起带过去。",
        drawing: "",
        lost: "二维码里没有带上已选的，请到手机上再选。"
      }[how];
    });
  });
  votes.startOrder();
  votes.startList();
  votes.startSearch();
  votes.startCandidate();
  votes.startReview();
  votes.startResult();
  showWelcome();
  votes.sections.start();
  votes.loadMe();
})((window.votes = window.votes || {}));
