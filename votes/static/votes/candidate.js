/* A candidate: the page of its own, or the same page fetched into the ballot, so that the list is never left. */
(function (votes) {
  "use strict";

  const fetched = {};
  const place = document.getElementById("candidate-place");

  function showTally() {
    const article = document.querySelector("[data-candidate]");
    if (!article) return;
    const number = Number(article.dataset.candidate);
    const award = votes.awardOf(number);
    const tally = article.querySelector("[data-tally]");
    const button = article.querySelector("[data-choose]");
    if (award) tally.textContent = votes.canChoose() ? "已选 " + votes.chosenIn(award).length + "/" + award.max : "";
    if (!button) return;
    const chosen = votes.draft.has(number);
    button.hidden = !votes.canChoose();
    button.setAttribute("aria-pressed", String(chosen));
    button.textContent = needsRules() ? "看规则，去投票" : chosen ? "不选了" : button.dataset.word;
    button.classList.toggle("main", !chosen);
  }

  function needsRules() {
    return !place && !votes.draft.hasSeenRules();
  }

  function choose(event) {
    const button = event.target.closest("[data-choose]");
    if (!button) return;
    if (needsRules()) {
      location.href = votes.address;
    } else if (!votes.draft.hasSeenRules()) {
      votes.sections.go("welcome");
    } else {
      votes.choose(Number(button.closest("[data-candidate]").dataset.candidate));
    }
  }

  /* Where the list was the step before, going back to it is the webview's own step back. */
  function back(event) {
    if (!event.target.closest("[data-back]") || !place) return;
    event.preventDefault();
    if (votes.sections.previous() === "list") history.back();
    else votes.sections.go("list");
  }

  function open(event) {
    const link = event.target.closest(".person > a");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    votes.sections.go("candidate-" + link.parentNode.dataset.number);
  }

  function put(article) {
    place.textContent = "";
    place.appendChild(article);
    document.title = votes.threeDigits(article.dataset.candidate) + " " + article.dataset.name;
    showTally();
    const heading = article.querySelector("[data-heading]");
    if (votes.sections.previous()) heading.focus({ preventScroll: true });
  }

  function waiting(number, sentence, failed) {
    const template = document.createElement("div");
    template.className = "middle";
    const words = document.createElement("p");
    words.setAttribute("role", "status");
    words.textContent = sentence;
    template.appendChild(words);
    if (failed) {
      const again = document.createElement("button");
      again.type = "button";
      again.className = "link";
      again.textContent = "再试一次";
      again.addEventListener("click", function () { enter(number); });
      template.appendChild(again);
    }
    const link = document.createElement("a");
    link.className = "link";
    link.href = "#list";
    link.setAttribute("data-back", "");
    link.textContent = "‹ 返回列表";
    template.appendChild(link);
    place.textContent = "";
    place.appendChild(template);
  }

  function enter(number) {
    if (fetched[number]) {
      put(fetched[number]);
      return;
    }
    waiting(number, votes.nameOf(number) + "的事迹正在打开…", false);
    votes.request("GET", votes.address + "/candidates/" + number, { json: false }).then(function (answer) {
      const page = new DOMParser().parseFromString(answer.body, "text/html");
      const article = page.querySelector("[data-candidate]");
      if (answer.status !== 200 || !article) throw new Error("not a candidate");
      fetched[number] = document.importNode(article, true);
      if (location.hash === "#candidate-" + number) put(fetched[number]);
    }).catch(function () {
      if (location.hash === "#candidate-" + number) waiting(number, "事迹没有打开，可能是网络不通。您的选择没有丢。", true);
    });
  }

  votes.startCandidate = function () {
    if (place) {
      votes.sections.onEnter("candidate", enter);
      document.addEventListener("click", open);
    }
    document.addEventListener("click", choose);
    document.addEventListener("click", back);
    document.addEventListener("votes:draft", showTally);
    document.addEventListener("votes:me", showTally);
    showTally();
  };
})((window.votes = window.votes || {}));
