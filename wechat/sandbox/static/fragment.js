// The part after # never reaches a server, so only a script can see whether it is the right one.
"use strict";

if (location.hash === "#wechat_redirect") {
  location.replace(`${location.pathname}${location.search}&wechat_redirect=1`);
}
