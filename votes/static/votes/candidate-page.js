/* A candidate opened by its own address. */
(function (votes) {
  "use strict";

  votes.startCandidate();
  votes.loadMe();
})((window.votes = window.votes || {}));
