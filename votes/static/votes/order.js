/* The order of candidates where every voter has an own one: drawn from a seed, the same at every visit. */
(function (votes) {
  "use strict";

  const key = "order:" + votes.address;

  function rank(text) {
    let hash = 0x811c9dc5;
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  function arrange(seed) {
    votes.awards.forEach(function (award) {
      const list = award.element.querySelector("ul");
      const cards = Array.from(list.children);
      const ranks = new Map(cards.map(function (card) { return [card, rank(seed + ":" + card.dataset.number)]; }));
      cards.sort(function (a, b) { return ranks.get(a) - ranks.get(b); });
      cards.forEach(function (card) { list.appendChild(card); });
    });
  }

  /* Until the voter's own seed is known, this visit has one; what is in sight is never moved. */
  votes.startOrder = function () {
    if (votes.root.dataset.order !== "per_voter") return;
    let seed = votes.session.getItem(key);
    if (!seed) {
      seed = votes.draft.nonce();
      votes.session.setItem(key, seed);
    }
    arrange(seed);
    document.addEventListener("votes:me", function () {
      const own = votes.me.order_seed;
      if (!own || own === seed || votes.sections.current() === "list") return;
      seed = own;
      votes.session.setItem(key, seed);
      arrange(seed);
    });
  };
})((window.votes = window.votes || {}));
