/* One document, several screens: the address's # says which, so that the webview's own back button goes one step back. */
(function (votes) {
  "use strict";

  const screens = Array.from(document.querySelectorAll("#ballot > .screen"));
  const entering = {};
  const scrolled = {};
  const titles = { list: "候选对象", review: "核对选票", done: "投票结果", refused: "投票结果", wechat: "请在微信中打开" };
  let current = "";
  let previous = "";

  function read() {
    const found = /^#([a-z]+)(?:-(\d+))?$/.exec(location.hash);
    const name = found && document.getElementById(found[1]) ? found[1] : "welcome";
    return { name: name, argument: found && found[2] ? Number(found[2]) : 0 };
  }

  function show() {
    const place = read();
    const first = current === "";
    const screen = document.getElementById(place.name);
    if (!screen.classList.contains("screen")) return;
    previous = current;
    current = place.name;
    votes.makeRoom();
    screens.forEach(function (other) { other.hidden = other !== screen; });
    document.title = titles[place.name] || votes.root.dataset.title;
    votes.say("");
    if (entering[place.name]) entering[place.name](place.argument);
    const heading = screen.querySelector("[data-heading]");
    if (heading && !first) heading.focus({ preventScroll: true });
    window.scrollTo(0, place.name === "list" ? scrolled.list || 0 : 0);
  }

  votes.sections = {
    onEnter: function (name, handler) { entering[name] = handler; },
    current: function () { return current; },
    previous: function () { return previous; },
    go: function (name) { location.hash = name; },
    /* Where a step must not be gone back to: the ballot that has been sent. */
    goInstead: function (name) { location.replace("#" + name); },
    rememberScroll: function (top) { scrolled.list = top; },
    start: function () {
      if ("scrollRestoration" in history) history.scrollRestoration = "manual";
      window.addEventListener("hashchange", show);
      window.addEventListener("scroll", function () {
        if (current === "list") scrolled.list = window.pageYOffset;
      }, { passive: true });
      show();
    }
  };
})((window.votes = window.votes || {}));
