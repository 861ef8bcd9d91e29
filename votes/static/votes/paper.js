/* The paper: the awards on this page, who may be chosen for each, and choosing within the limits. */
(function (votes) {
  "use strict";

  const root = document.querySelector("[data-slug]");
  const draft = votes.openDraft(root.dataset.slug, root.hasAttribute("data-passing"));
  const awards = Array.from(document.querySelectorAll("[data-award]"), function (element) {
    const numbers = (element.dataset.numbers || "").split(" ").filter(Boolean).map(Number);
    return {
      element: element,
      name: element.dataset.name,
      min: Number(element.dataset.min),
      max: Number(element.dataset.max),
      measure: element.dataset.measure,
      numbers: new Set(numbers)
    };
  });
  let silence = 0;

  votes.root = root;
  votes.draft = draft;
  votes.awards = awards;
  votes.address = "/polls/" + root.dataset.slug;

  votes.awardOf = function (number) {
    return awards.find(function (award) { return award.numbers.has(number); });
  };

  votes.chosenIn = function (award) {
    return draft.choices().filter(function (number) { return award.numbers.has(number); });
  };

  /* The highest number on the paper: choices rest as a bit set that reaches as far. */
  votes.highestNumber = function () {
    return Array.from(document.querySelectorAll("[data-number]"), function (card) {
      return Number(card.dataset.number);
    }).reduce(function (most, number) { return Math.max(most, number); }, 0);
  };

  votes.nameOf = function (number) {
    const name = document.querySelector('[data-number="' + number + '"] .name');
    return name ? name.textContent : "";
  };

  votes.threeDigits = function (number) {
    return ("00" + number).slice(-Math.max(3, String(number).length));
  };

  /* Says one sentence in the bar that is in sight, for a while. */
  votes.say = function (sentence) {
    clearTimeout(silence);
    document.querySelectorAll(".bar > .notice:not(#sending)").forEach(function (notice) {
      notice.textContent = sentence;
    });
    if (sentence) silence = setTimeout(function () { votes.say(""); }, 7000);
  };

  votes.canChoose = function () {
    return !document.documentElement.classList.contains("browse");
  };

  /* Chooses or lets go of a candidate; says why when that is not possible. */
  votes.choose = function (number) {
    const award = votes.awardOf(number);
    if (!award || !votes.canChoose()) return;
    if (draft.isLocked()) {
      votes.say("选票已经提交，正在等答复，现在不能改。");
    } else if (draft.has(number)) {
      draft.remove(number);
      votes.say("");
    } else if (votes.chosenIn(award).length >= award.max) {
      votes.say(award.name + "最多选" + award.max + award.measure + "，已经选满。想换的话，先去掉一" + award.measure + "。");
    } else {
      draft.add(number);
      votes.say("");
    }
  };
})((window.votes = window.votes || {}));
