/* The draft: what is chosen so far and the nonce it will be sent with, kept on this phone until the ballot is in.
   On a computer that others use too it is kept for this sitting alone. */
(function (votes) {
  "use strict";

  const kept = {};
  const memory = {
    getItem: function (key) { return key in kept ? kept[key] : null; },
    setItem: function (key, value) { kept[key] = value; },
    removeItem: function (key) { delete kept[key]; }
  };

  function workingStore(names) {
    for (const name of names) {
      try {
        window[name].setItem("ballot-try", "1");
        window[name].removeItem("ballot-try");
        return window[name];
      } catch (error) {
        continue; // switched off or full: the next one
      }
    }
    return memory;
  }

  const lasting = workingStore(["localStorage", "sessionStorage"]);
  votes.session = workingStore(["sessionStorage"]);

  function read(store, key) {
    try {
      return JSON.parse(store.getItem(key));
    } catch (error) {
      return null;
    }
  }

  function write(store, key, value) {
    try {
      store.setItem(key, JSON.stringify(value));
    } catch (error) {
      memory.setItem(key, JSON.stringify(value));
    }
  }

  function freshNonce() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, function (byte) { return ("0" + byte.toString(16)).slice(-2); }).join("");
  }

  votes.openDraft = function (slug, passing) {
    const store = passing ? votes.session : lasting;
    const key = (passing ? "column:" : "ballot:") + slug;
    const castKey = "cast:" + slug;

    function blank(day) {
      return { choices: [], nonce: freshNonce(), day: day || "", locked: false, rules: false, handed: null, offered: null };
    }

    function load() {
      const found = read(store, key);
      return found && Array.isArray(found.choices) && found.nonce ? found : blank();
    }

    function change(alter) {
      const state = load();
      alter(state);
      write(store, key, state);
      document.dispatchEvent(new CustomEvent("votes:draft"));
    }

    if (!read(store, key)) write(store, key, blank());

    return {
      choices: function () { return load().choices.slice().sort(function (a, b) { return a - b; }); },
      has: function (number) { return load().choices.indexOf(number) >= 0; },
      nonce: function () { return load().nonce; },
      /* Locked: sent, and no answer yet; what was sent must not change under its nonce. */
      isLocked: function () { return load().locked; },
      lock: function () { change(function (state) { state.locked = true; }); },
      unlock: function () { change(function (state) { state.locked = false; }); },
      hasSeenRules: function () { return load().rules; },
      seeRules: function () { change(function (state) { state.rules = true; }); },
      add: function (number) {
        change(function (state) { if (state.choices.indexOf(number) < 0) state.choices.push(number); });
      },
      remove: function (number) {
        change(function (state) { state.choices = state.choices.filter(function (other) { return other !== number; }); });
      },
      replace: function (numbers) { change(function (state) { state.choices = numbers.slice(); }); },
      /* Choices that came from a computer: {choices, left, from}. Handed: in use. Offered: the voter is still asked. */
      handed: function () { return load().handed || null; },
      offered: function () { return load().offered || null; },
      offer: function (parcel) { change(function (state) { state.offered = parcel; }); },
      takeUp: function (parcel) {
        change(function (state) {
          state.choices = parcel.choices.slice();
          state.handed = parcel;
          state.offered = null;
        });
      },
      /* A poll with a ballot a day: another day needs another nonce, unless an answer is still owed. */
      enterDay: function (day) {
        const state = load();
        if (state.day === day || state.locked) return;
        const first = state.day === "";
        change(function (changed) {
          changed.day = day;
          if (!first) changed.nonce = freshNonce();
        });
      },
      /* The ballot is in: what was chosen is kept beside its code, for this phone's own eyes, and a new draft begins. */
      keepAsCast: function (code) {
        const state = load();
        write(store, castKey, { code: code, choices: state.choices });
        this.startAgain();
      },
      startAgain: function () {
        const state = load();
        const next = blank(state.day);
        next.rules = state.rules;
        write(store, key, next);
        document.dispatchEvent(new CustomEvent("votes:draft"));
      },
      castChoices: function (code) {
        const cast = read(store, castKey);
        return cast && cast.code === code ? cast.choices : null;
      },
      forgetCast: function () {
        store.removeItem(castKey);
        memory.removeItem(castKey);
      }
    };
  };

  window.addEventListener("storage", function () {
    document.dispatchEvent(new CustomEvent("votes:draft"));
  });
})((window.votes = window.votes || {}));
