/* The list: a tab per award, choosing on the cards, and what is chosen so far, always in sight. */
(function (votes) {
  "use strict";

  const tabs = Array.from(document.querySelectorAll(".tabs button"));
  const scrolled = [];
  const key = "place:" + votes.address;
  let active = 0;

  function select(index) {
    active = index;
    votes.awards.forEach(function (award, other) {
      award.element.hidden = other !== index;
      tabs[other].setAttribute("aria-selected", String(other === index));
      tabs[other].tabIndex = other === index ? 0 : -1;
    });
    const tab = tabs[index];
    tab.parentNode.scrollLeft = tab.offsetLeft - (tab.parentNode.clientWidth - tab.offsetWidth) / 2;
  }

  function change(index) {
    if (index === active) return;
    votes.say("");
    scrolled[active] = window.pageYOffset;
    select(index);
    window.scrollTo(0, scrolled[index] || Math.min(window.pageYOffset, beginning()));
  }

  /* Where the list begins: on a page that has something above it, what is above stays in sight. */
  function beginning() {
    const lists = document.querySelector("[data-lists]");
    return lists ? lists.getBoundingClientRect().top + window.pageYOffset : 0;
  }

  function moveByKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (active + step + tabs.length) % tabs.length;
    change(next);
    tabs[next].focus();
  }

  function showChoices() {
    const chosen = new Set(votes.draft.choices());
    document.querySelectorAll(".person").forEach(function (card) {
      const on = chosen.has(Number(card.dataset.number)) && votes.canChoose();
      card.classList.toggle("is-chosen", on);
      card.querySelector(".pick").setAttribute("aria-pressed", String(on));
    });
    const counts = votes.awards.map(function (award, index) {
      const count = votes.chosenIn(award).length;
      const place = document.querySelector('[data-count="' + index + '"]');
      const listed = award.element.querySelectorAll(".person").length;
      if (place) place.textContent = votes.canChoose() ? count + "/" + award.max : listed + award.measure;
      return count;
    });
    showBar(counts);
  }

  function showBar(counts) {
    const bar = document.getElementById("chosen");
    const button = document.getElementById("to-review");
    if (!button) {
      bar.textContent = counts.join(" · ");
      return;
    }
    const receipt = votes.me && votes.me.receipt;
    document.getElementById("chosen-label").hidden = !votes.canChoose();
    bar.textContent = votes.canChoose() ? counts.join(" · ") : receipt ? "您已投票" : "现在只能浏览";
    bar.setAttribute("aria-label", !votes.canChoose() ? bar.textContent : votes.awards.map(function (award, at) {
      return award.name + "已选" + counts[at] + award.measure;
    }).join("，"));
    button.textContent = votes.canChoose() ? "核对选票" : receipt ? "看我的回执" : "看投票规则";
    button.href = votes.canChoose() ? "#review" : receipt ? "#done" : "#welcome";
  }

  function pick(event) {
    const button = event.target.closest(".pick");
    if (!button) return;
    if (document.getElementById("welcome") && !votes.draft.hasSeenRules()) {
      votes.sections.go("welcome");
      return;
    }
    votes.choose(Number(button.parentNode.dataset.number));
  }

  function rememberPlace() {
    votes.session.setItem(key, JSON.stringify({ award: active, top: window.pageYOffset, at: votes.sections.current() }));
  }

  function recallPlace() {
    const place = JSON.parse(votes.session.getItem(key) || "null");
    if (!place || !votes.awards[place.award]) return;
    select(place.award);
    if (place.at === "list") votes.sections.rememberScroll(place.top);
  }

  votes.showAward = function (name) {
    const index = votes.awards.findIndex(function (award) { return award.name === name; });
    if (index >= 0 && tabs.length) select(index);
    votes.sections.rememberScroll(0);
  };

  votes.activeAward = function () { return votes.awards[active]; };

  /* Where the reader's letters are large and the screen is low, bars that stay would leave nothing to read. */
  votes.makeRoom = function () {
    const page = document.documentElement;
    page.classList.toggle("cramped", window.innerHeight < 24 * parseFloat(getComputedStyle(page).fontSize));
  };

  votes.startList = function () {
    votes.makeRoom();
    window.addEventListener("resize", votes.makeRoom);
    if (tabs.length) {
      votes.awards.forEach(function (award, index) {
        award.element.setAttribute("role", "tabpanel");
        award.element.setAttribute("aria-labelledby", "tab-" + index);
      });
      tabs.forEach(function (tab, index) {
        tab.addEventListener("click", function () { change(index); });
        tab.addEventListener("keydown", moveByKey);
      });
      select(0);
      recallPlace();
      window.addEventListener("pagehide", rememberPlace);
    }
    document.addEventListener("click", pick);
    document.addEventListener("votes:draft", showChoices);
    document.addEventListener("votes:me", showChoices);
    showChoices();
  };
})((window.votes = window.votes || {}));
