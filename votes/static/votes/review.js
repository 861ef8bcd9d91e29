/* Reading the ballot through before it is sent. */
(function (votes) {
  "use strict";

  const FOLD_ABOVE = 12;
  const groups = document.getElementById("review-groups");
  const unfolded = new Set();
  let listed = new Map();

  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  /* A row stays where it is when its candidate is dropped, so that nothing moves under the finger. */
  function row(number) {
    const chosen = votes.draft.has(number);
    const name = votes.nameOf(number);
    const item = make("li");
    const words = make("span", "grow" + (chosen ? "" : " dropped"));
    words.appendChild(make("span", "number", votes.threeDigits(number)));
    words.appendChild(document.createTextNode(name));
    const button = make("button", "link plain", chosen ? "不选了" : "选回来");
    button.type = "button";
    button.setAttribute("aria-label", (chosen ? "不选了 " : "选回来 ") + name);
    button.dataset.toggle = number;
    item.appendChild(words);
    item.appendChild(button);
    return item;
  }

  function missing(award) {
    const count = votes.chosenIn(award).length;
    return award.min > count ? award.name + "至少选" + award.min + award.measure + "，还差" + (award.min - count) + award.measure + "。" : "";
  }

  function group(award) {
    const part = document.createDocumentFragment();
    const head = make("div", "group");
    const numbers = listed.get(award);
    head.appendChild(make("h3", "", award.name));
    head.appendChild(make("span", "", "已选" + votes.chosenIn(award).length + "，最多" + award.max));
    const folded = numbers.length > FOLD_ABOVE && !unfolded.has(award);
    if (numbers.length > FOLD_ABOVE) {
      const fold = make("button", "link", folded ? "展开" : "收起");
      fold.type = "button";
      fold.setAttribute("aria-expanded", String(!folded));
      fold.dataset.fold = votes.awards.indexOf(award);
      head.appendChild(fold);
    }
    if (missing(award)) head.appendChild(make("p", "fault", missing(award)));
    part.appendChild(head);
    if (!folded && numbers.length) {
      const list = make("ul", "rows");
      numbers.forEach(function (number) { list.appendChild(row(number)); });
      part.appendChild(list);
    }
    return part;
  }

  function draw() {
    groups.textContent = "";
    votes.awards.forEach(function (award) { groups.appendChild(group(award)); });
  }

  function press(event) {
    const toggle = event.target.dataset.toggle;
    const fold = event.target.dataset.fold;
    if (!toggle && !fold) return;
    if (toggle) {
      if (votes.draft.isLocked()) return;
      votes.choose(Number(toggle));
    } else {
      const award = votes.awards[Number(fold)];
      if (!unfolded.delete(award)) unfolded.add(award);
    }
    draw();
    const again = groups.querySelector(toggle ? '[data-toggle="' + toggle + '"]' : '[data-fold="' + fold + '"]');
    if (again) again.focus({ preventScroll: true });
  }

  /* What keeps the ballot from being sent, as a sentence; empty when nothing does. */
  votes.faultOfBallot = function () {
    if (!votes.draft.choices().length) return "还没有选。请先回到列表，至少选一个。";
    return votes.awards.map(missing).join("");
  };

  votes.startReview = function () {
    groups.addEventListener("click", press);
  };

  votes.drawReview = function () {
    listed = new Map(votes.awards.map(function (award) { return [award, votes.chosenIn(award)]; }));
    draw();
  };
})((window.votes = window.votes || {}));
