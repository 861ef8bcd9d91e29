/* Choices handed from a computer to the phone: in the fragment of the QR code's address, which never reaches a server log. */
(function (votes) {
  "use strict";

  /* Bit n−1, counted from the lowest of the first byte, is candidate n; written as hexadecimal digits. */
  function pack(numbers) {
    const bytes = [];
    numbers.forEach(function (number) {
      const at = (number - 1) >> 3;
      while (bytes.length <= at) bytes.push(0);
      bytes[at] |= 1 << ((number - 1) & 7);
    });
    return bytes.map(function (byte) { return ("0" + byte.toString(16)).slice(-2); }).join("");
  }

  function unpack(digits) {
    const numbers = [];
    (digits.match(/../g) || []).forEach(function (pair, at) {
      for (let bit = 0; bit < 8; bit += 1) {
        if ((parseInt(pair, 16) >> bit) & 1) numbers.push(at * 8 + bit + 1);
      }
    });
    return numbers;
  }

  votes.showCode = function (image) {
    const chosen = votes.draft.choices();
    const marks = [];
    if (chosen.length) marks.push("b=" + pack(chosen));
    if (image.dataset.from || votes.source()) marks.push("from=" + encodeURIComponent(image.dataset.from || votes.source()));
    const address = votes.address + "/qr.svg" + (marks.length ? "?" + marks.join("&") : "");
    if (image.getAttribute("src") !== address) image.src = address;
    return chosen.length;
  };

  /* Takes choices over from the address, where nothing has been chosen on this phone yet; returns how many. */
  votes.takeOver = function () {
    const found = /^#b=([0-9a-f]+)$/.exec(location.hash);
    if (!found) return 0;
    history.replaceState(null, "", location.pathname);
    if (votes.draft.choices().length) return 0;
    const taken = [];
    votes.awards.forEach(function (award) {
      const here = unpack(found[1]).filter(function (number) { return award.numbers.has(number); });
      taken.push.apply(taken, here.slice(0, award.max));
    });
    votes.draft.replace(taken);
    return taken.length;
  };
})((window.votes = window.votes || {}));
