/* What came of it: the receipt, or why the ballot was not taken, with the way on. */
(function (votes) {
  "use strict";

  const LOOK_AGAIN = [2, 3, 5, 10, 20, 40];
  const REASONS = {
    duplicate: "有候选对象选了两次",
    unknown: "有候选对象不在名单里，名单可能刚有变动",
    withdrawn: "有候选对象刚刚退出评选",
    too_many: "选得太多",
    too_few: "选得太少",
    empty: "还没有选任何候选对象",
    malformed: "选票没有完整送到"
  };

  let awaited = false; // the receipt was asked for before it was known whether there is one

  function byId(id) { return document.getElementById(id); }

  function showNumber(receipt) {
    const counted = Boolean(receipt.number);
    byId("done-number").textContent = counted ? "已收录 · 第 " + receipt.number.toLocaleString("en") + " 票" : "已收录，正在编号";
    byId("done-number").className = "good";
  }

  function follow(code, looks) {
    if (looks >= LOOK_AGAIN.length) return;
    setTimeout(function () {
      const mine = votes.me && votes.me.receipt;
      if (!mine || mine.code !== code) return;
      votes.request("GET", "/receipts/" + encodeURIComponent(code) + ".json").then(function (answer) {
        const found = answer.status === 200 ? answer.body.receipt || answer.body : mine;
        showNumber(found);
        if (!found.number || !found.proof) follow(code, looks + 1);
      }, function () { follow(code, looks + 1); });
    }, LOOK_AGAIN[looks] * 1000);
  }

  function draw(first) {
    const receipt = votes.me && votes.me.receipt;
    if (!receipt) {
      awaited = !votes.me;
      votes.sections.goInstead("welcome");
      return;
    }
    const daily = votes.root.dataset.period === "daily" ? "明天还可以再投一次。" : "";
    byId("done-title").textContent = first ? "您已经投过票" : "已投成功";
    byId("done-time").textContent = votes.showMoment(receipt.accepted_at);
    byId("done-code").textContent = receipt.code;
    byId("done-words").textContent = (first
      ? "这是第一次投票的回执，以它为准；这一次没有计入。"
      : "这是您的回执。在公众号回复“查票”和这串字可随时查询。") + daily;
    byId("done-page").href = "/receipts/" + encodeURIComponent(receipt.code);
    showNumber(receipt);
    if (!receipt.number || !receipt.proof) follow(receipt.code, 0);
  }

  function ownChoices() {
    const box = byId("own-choices");
    const shown = !box.hidden;
    box.hidden = shown;
    byId("own").setAttribute("aria-expanded", String(!shown));
    box.textContent = "";
    const choices = votes.draft.castChoices(votes.me.receipt.code);
    const words = document.createElement("p");
    words.className = "amber";
    box.appendChild(words);
    if (!choices) {
      words.textContent = "这台手机上没有留下选票内容。为了保密，别处也查不到。";
      return;
    }
    words.textContent = "选票内容只留在这台手机上，别人凭回执看不到。";
    const erase = document.createElement("button");
    erase.type = "button";
    erase.className = "link";
    erase.textContent = "从这台手机删除";
    erase.addEventListener("click", function () {
      votes.draft.forgetCast();
      box.hidden = true;
      ownChoices();
    });
    const list = document.createElement("ul");
    list.className = "rows";
    choices.forEach(function (number) {
      const item = document.createElement("li");
      const digits = document.createElement("span");
      digits.className = "number";
      digits.textContent = votes.threeDigits(number);
      item.appendChild(digits);
      item.appendChild(document.createTextNode(votes.nameOf(number)));
      list.appendChild(item);
    });
    box.appendChild(list);
    box.appendChild(erase);
  }

  function refusal(body) {
    const place = body.award ? body.award + "：" : "";
    const back = { next: "回到列表", href: "#list" };
    if (body.status === "invalid") {
      const stale = body.reason === "unknown" || body.reason === "withdrawn";
      return {
        title: "还没投成功，选票要改一下",
        words: place + (REASONS[body.reason] || "选票不合规则") + "。其余的选择都在，改好后再提交。",
        next: stale ? "更新名单再看" : back.next, href: back.href, award: body.award, reload: stale
      };
    }
    if (body.status === "closed") {
      return { title: "投票已经结束", words: "这张选票没有计入。感谢您看完候选事迹。", next: "看候选对象", href: "#list" };
    }
    if (body.status === "sign_in") {
      return { title: "还差一步", words: "需要用微信确认身份，再提交。您的选择没有丢。", next: "用微信确认身份", signIn: true };
    }
    return {
      not_open: { title: "投票还没有开始", words: "您的选择留在这台手机上，开始后再来提交。", next: "看投票时间", href: "#welcome" },
      snapshot: { title: "现在是快照页，只能浏览", words: "请点微信底部的“使用完整服务”，再来提交。您的选择没有丢。", next: "看候选对象", href: "#list" },
      not_following: { title: "还没投成功", words: "这次投票只收已关注本公众号的微信号的选票。在公众号里打开本页再提交，您的选择没有丢。", next: "回去再试", href: "#review" },
      csrf: { title: "页面放得太久了", words: "刷新后再提交。您的选择没有丢。", next: "刷新页面", href: "#review", reload: true }
    }[body.reason] || { title: "没有提交成功", words: (body.message || "服务器没有收下这张选票。") + "您的选择没有丢。", next: "回去再试", href: "#review" };
  }

  function showRefusal(body) {
    const said = refusal(body);
    byId("refused-title").textContent = said.title;
    byId("refused-words").textContent = said.words;
    const next = byId("refused-next");
    next.textContent = said.next;
    next.href = said.href || "#review";
    next.onclick = function (event) {
      if (said.award) votes.showAward(said.award);
      if (said.signIn) {
        event.preventDefault();
        votes.signIn("review");
      } else if (said.reload) {
        event.preventDefault();
        location.replace(said.href);
        location.reload();
      }
    };
    votes.sections.goInstead("refused");
  }

  votes.finish = function (body) {
    const accepted = body.status === "accepted" || body.status === "replayed";
    if (accepted || body.status === "already_voted") {
      if (accepted) votes.draft.keepAsCast(body.receipt.code);
      else votes.draft.startAgain();
      votes.secondTry = !accepted;
      votes.keepReceipt(body.receipt);
      votes.sections.goInstead("done");
      return;
    }
    if (body.status !== "sign_in") votes.draft.unlock();
    showRefusal(body);
  };

  votes.startResult = function () {
    byId("own").addEventListener("click", ownChoices);
    votes.sections.onEnter("done", function () { draw(votes.secondTry); });
    document.addEventListener("votes:me", function () {
      if (awaited && votes.me.receipt) votes.sections.go("done");
      awaited = false;
    });
    votes.sections.onEnter("refused", function () {
      if (!byId("refused-title").textContent) votes.sections.goInstead("review");
    });
  };
})((window.votes = window.votes || {}));
