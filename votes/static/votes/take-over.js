/* What was chosen on a computer arrives on the phone: checked against the paper, and never put in place of what is
   chosen here without asking. */
(function (votes) {
  "use strict";

  const box = document.getElementById("handed");
  const words = document.getElementById("handed-words");
  const list = document.getElementById("handed-left");
  const refuse = document.getElementById("handed-no");
  const accept = document.getElementById("handed-yes");
  let remark = null; // what is said once: {words, left}

  function leftOut(numbers) {
    const names = numbers.map(function (number) { return votes.threeDigits(number) + " " + votes.nameOf(number); });
    return names.map(function (name) { return name.trim(); }).join("、");
  }

  /* Puts apart what may stand on this ballot; where an award has too many, none of them is picked out. */
  function sortOut(numbers) {
    const choices = [];
    const left = [];
    const strangers = numbers.filter(function (number) { return !votes.awardOf(number); });
    const gone = strangers.filter(votes.nameOf);
    const unknown = strangers.filter(function (number) { return !votes.nameOf(number); });
    if (gone.length) left.push(leftOut(gone) + "已退出评选。");
    if (unknown.length) left.push("编号" + leftOut(unknown) + "不在名单里。");
    votes.awards.forEach(function (award) {
      const here = numbers.filter(function (number) { return award.numbers.has(number); });
      if (here.length <= award.max) choices.push.apply(choices, here);
      else left.push(award.name + "选了" + here.length + award.measure + "，超过最多" + award.max + award.measure + "，这一项请在手机上重新选。");
    });
    return { choices: choices, left: left, from: votes.opened() };
  }

  function isSame(choices) {
    const mine = votes.draft.choices();
    return mine.length === choices.length && choices.every(votes.draft.has);
  }

  function receive(text) {
    const numbers = votes.unpackChoices(text, votes.highestNumber());
    const parcel = sortOut(numbers || []);
    remark = null;
    if (!numbers) {
      remark = { words: "电脑上选的没有完整带过来。请回到电脑上，再扫一次二维码。", left: [] };
    } else if (votes.draft.isLocked()) {
      remark = { words: "上次提交还没有得到答复，所以没有用电脑上选的。请先继续上次的提交。", left: [] };
    } else if (!parcel.choices.length) {
      remark = { words: "没有从电脑上带来可以用的选择。", left: parcel.left };
    } else if (!votes.draft.choices().length || isSame(parcel.choices)) {
      votes.draft.takeUp(parcel);
    } else {
      votes.draft.offer(parcel);
    }
  }

  /* The fragment is taken out of the address, so that passing the page on passes no choices on. */
  function look() {
    const found = /^#choices=(.*)$/.exec(location.hash);
    if (!found) return;
    history.replaceState(null, "", location.pathname + location.search);
    receive(found[1]);
    show();
  }

  function said() {
    const offered = votes.draft.offered();
    const handed = votes.draft.handed();
    if (remark) return remark;
    if (offered) {
      const both = offered.choices.filter(votes.draft.has).length;
      return {
        words: "这台手机上已经选了" + votes.draft.choices().length + "个，又从电脑上带来" + offered.choices.length + "个" +
          (both ? "，其中" + both + "个相同" : "") + "。请决定用哪一份。",
        left: offered.left,
        accept: "改用电脑上选的" + offered.choices.length + "个",
        refuse: "保留手机上选的" + votes.draft.choices().length + "个"
      };
    }
    if (!handed) return null;
    return {
      words: "已从电脑上带来" + handed.choices.length + "个候选对象，还没有投票，请核对后再提交。如果不是您自己在电脑上选的，请不要用。",
      left: handed.left,
      refuse: "不用这些，重新选"
    };
  }

  function show() {
    const now = votes.phase() === "open" && votes.canChoose() ? said() : null;
    box.hidden = !now;
    if (!now) return;
    words.textContent = now.words;
    list.textContent = "";
    list.hidden = !now.left.length;
    now.left.forEach(function (sentence) {
      const item = document.createElement("li");
      item.textContent = "没有带过来：" + sentence;
      list.appendChild(item);
    });
    accept.hidden = !now.accept;
    accept.textContent = now.accept || "";
    refuse.hidden = !now.refuse;
    refuse.textContent = now.refuse || "";
  }

  function answer(sentence, act) {
    remark = sentence ? { words: sentence, left: [] } : null;
    act();
    show();
    box.focus({ preventScroll: true }); // the button that was pressed is gone
  }

  function keepMine() {
    if (votes.draft.offered()) answer("手机上选的都保留着，没有用电脑上选的。", function () { votes.draft.offer(null); });
    else answer("电脑上选的已经去掉，一个也没有用。", function () { votes.draft.startAgain(); });
  }

  /* Who has voted already needs no choices from a computer, and they are not left lying on the phone. */
  function drop() {
    if (!votes.me.receipt || votes.draft.isLocked() || votes.root.dataset.period === "daily") return;
    if (votes.draft.handed() || votes.draft.offered()) votes.draft.startAgain();
  }

  /* True while the ballot is what came from the computer: what comes next is to check it. */
  votes.isHanded = function () {
    return Boolean(votes.draft.handed()) && votes.draft.choices().length > 0;
  };

  votes.startTakeOver = function () {
    look();
    show();
    refuse.addEventListener("click", keepMine);
    accept.addEventListener("click", function () {
      answer("", function () { votes.draft.takeUp(votes.draft.offered()); });
    });
    window.addEventListener("hashchange", look);
    document.addEventListener("votes:draft", show);
    document.addEventListener("votes:me", function () {
      drop();
      show();
    });
  };
})((window.votes = window.votes || {}));
