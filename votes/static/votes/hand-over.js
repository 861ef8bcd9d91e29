/* Choices on their way from a computer to the phone: in the fragment of the QR code's address, which no server sees. */
(function (votes) {
  "use strict";

  const ON_SCREEN = 5; // pixels a module: an old phone still reads it from a screen
  const QUIET = 4; // modules around the code, as the standard has it
  const SVG = "http://www.w3.org/2000/svg";

  /* Bit n−1, counted from the lowest of the first byte, is candidate n, up to `highest`; written in base64url. */
  votes.packChoices = function (numbers, highest) {
    const bytes = new Uint8Array((highest + 7) >> 3);
    numbers.forEach(function (number) { bytes[(number - 1) >> 3] |= 1 << ((number - 1) & 7); });
    const text = btoa(String.fromCharCode.apply(null, bytes));
    return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };

  /* The numbers in such a text, ascending; null where it is none or ends before `highest`. */
  votes.unpackChoices = function (text, highest) {
    if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return null;
    const bytes = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    if (bytes.length * 8 < highest) return null;
    const numbers = [];
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      if ((bytes.charCodeAt(bit >> 3) >> (bit & 7)) & 1) numbers.push(bit + 1);
    }
    return numbers;
  };

  votes.handOverAddress = function (from) {
    const chosen = votes.draft.choices();
    const packed = chosen.length ? "#choices=" + votes.packChoices(chosen, votes.highestNumber()) : "";
    return votes.root.dataset.site + votes.address + (from ? "?from=" + encodeURIComponent(from) : "") + packed;
  };

  /* Modules side by side are drawn as one bar, so that no hair shows between them. */
  function outline(code, size) {
    let path = "";
    for (let row = 0; row < size; row += 1) {
      for (let column = 0; column < size; column += 1) {
        const begin = column;
        while (column < size && code.isDark(row, column)) column += 1;
        if (column > begin) path += "M" + begin + " " + row + "h" + (column - begin) + "v1H" + begin + "z";
      }
    }
    return path;
  }

  function draw(place, address) {
    const code = window.qrcode(0, "M");
    code.addData(address, "Byte");
    code.make();
    const size = code.getModuleCount();
    const whole = size + 2 * QUIET;
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("viewBox", [-QUIET, -QUIET, whole, whole].join(" "));
    picture.setAttribute("width", whole * ON_SCREEN);
    picture.setAttribute("height", whole * ON_SCREEN);
    picture.setAttribute("shape-rendering", "crispEdges");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", "带着所选候选对象的二维码");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", outline(code, size));
    picture.appendChild(path);
    clear(place);
    place.appendChild(picture);
    place.dataset.address = address;
  }

  function clear(place) {
    const before = place.querySelector("svg");
    if (before) place.removeChild(before);
    delete place.dataset.address;
  }

  /* What draws codes is fetched when the first is wanted: most readers want none. */
  function fetchDrawer(then, otherwise) {
    const script = document.createElement("script");
    script.src = votes.root.dataset.drawer;
    script.onload = then;
    script.onerror = function () {
      script.remove();
      otherwise();
    };
    document.head.appendChild(script);
  }

  /* Shows in `place` the code that leads to the ballot page on the phone, with what is chosen here.
     Without choices it is the page's own picture. `told(count, how)` hears whether they are in it: drawn, drawing
     or lost. */
  votes.showCode = function (place, from, told) {
    const plain = place.querySelector("img");
    const count = votes.draft.choices().length;
    const carries = count > 0 && Boolean(window.qrcode);
    plain.hidden = carries;
    if (!plain.hasAttribute("src")) plain.src = votes.address + "/qr.svg" + (from ? "?from=" + encodeURIComponent(from) : "");
    if (carries) draw(place, votes.handOverAddress(from));
    else clear(place);
    told(count, carries ? "drawn" : "drawing");
    if (!count || window.qrcode || place.dataset.fetching) return;
    place.dataset.fetching = "1";
    fetchDrawer(function () {
      delete place.dataset.fetching;
      votes.showCode(place, from, told);
    }, function () {
      delete place.dataset.fetching;
      told(votes.draft.choices().length, "lost");
    });
  };
})((window.votes = window.votes || {}));
