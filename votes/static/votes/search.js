/* Finding a candidate by name, number, unit or pinyin initials, and narrowing the list to one unit. */
(function (votes) {
  "use strict";

  const input = document.getElementById("search");
  const unit = document.getElementById("unit");
  const found = document.getElementById("found");

  function plain(text) { return text.toLowerCase().replace(/\s+/g, ""); }

  function describe(card) {
    const number = card.dataset.number;
    const name = card.querySelector(".name").textContent;
    return {
      card: card,
      unit: card.querySelector(".unit").textContent,
      number: number,
      words: plain(name + " " + card.querySelector(".quiet").textContent),
      initials: plain(card.dataset.initials)
    };
  }

  function matches(entry, query) {
    if (unit.value && entry.unit !== unit.value) return false;
    if (!query) return true;
    if (/^\d+$/.test(query) && Number(query) === Number(entry.number)) return true;
    return entry.words.indexOf(query) >= 0 || (/^[a-z]+$/.test(query) && entry.initials.indexOf(query) >= 0);
  }

  function pointElsewhere(award, hits) {
    const none = award.element.querySelector(".none");
    none.textContent = "";
    none.hidden = hits.get(award) > 0;
    if (none.hidden) return;
    const others = votes.awards.filter(function (other) { return hits.get(other) > 0; });
    none.appendChild(document.createTextNode(others.length ? "这一栏里没有。" : "没有找到。请换个字，或用姓名拼音的首字母。"));
    others.forEach(function (other) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.textContent = other.name + "里有" + hits.get(other) + other.measure;
      button.addEventListener("click", function () {
        votes.showAward(other.name);
        window.scrollTo(0, 0);
      });
      none.appendChild(button);
    });
  }

  votes.startSearch = function () {
    const entries = new Map(votes.awards.map(function (award) {
      return [award, Array.from(award.element.querySelectorAll(".person"), describe)];
    }));

    function narrow() {
      votes.say("");
      const query = plain(input.value);
      const hits = new Map();
      entries.forEach(function (list, award) {
        let count = 0;
        list.forEach(function (entry) {
          entry.card.hidden = !matches(entry, query);
          if (!entry.card.hidden) count += 1;
        });
        hits.set(award, count);
      });
      votes.awards.forEach(function (award) { pointElsewhere(award, hits); });
      const here = hits.get(votes.activeAward());
      found.textContent = query || unit.value ? "这一栏找到" + here + votes.activeAward().measure : "";
    }

    input.addEventListener("input", narrow);
    unit.addEventListener("change", narrow);
    if (input.value || unit.value) narrow(); // a form restored by the webview
  };
})((window.votes = window.votes || {}));
