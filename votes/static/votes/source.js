/* By which way this page was opened (?from=…): kept for this sitting and told with the ballot, which is only counted. */
(function (votes) {
  "use strict";

  const key = "from:" + votes.address;

  /* WeChat hangs a second from= on what is passed on, and then the first no longer says how the reader came. */
  const named = new URLSearchParams(location.search).getAll("from").pop();
  if (named) {
    try {
      votes.session.setItem(key, named.slice(0, 40));
    } catch (error) { /* full: it will not be known */ }
    history.replaceState(null, "", location.pathname + location.hash); // so that passing it on does not count for it
  }

  /* What was chosen on a computer counts for the computer's page, however its voter came in on the phone. */
  votes.source = function () {
    const handed = votes.draft.handed();
    return (handed && handed.from) || votes.opened();
  };

  votes.opened = function () { return votes.session.getItem(key) || ""; };
})((window.votes = window.votes || {}));
