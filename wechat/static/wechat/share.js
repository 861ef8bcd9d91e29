/* The card that WeChat shows when somebody passes a page on. Outside WeChat, and where anything fails, the page stays as it is. */
(function () {
  "use strict";

  if (!/MicroMessenger/i.test(navigator.userAgent)) return;

  const card = document.currentScript.dataset;
  const entry = location.href;

  /* iOS checks the address under which the page was entered, everything else the one it has now. */
  function openedAs() {
    const address = /iPhone|iPad|iPod/i.test(navigator.userAgent) ? entry : location.href;
    return address.split("#")[0];
  }

  function own(path) {
    return path ? location.origin + path : "";
  }

  function show(signed) {
    const wx = window.wx;
    wx.config({
      appId: signed.appId,
      timestamp: signed.timestamp,
      nonceStr: signed.nonceStr,
      signature: signed.signature,
      jsApiList: ["updateAppMessageShareData", "updateTimelineShareData"],
    });
    wx.ready(function () {
      const shown = { title: card.title, desc: card.description, link: own(card.path), imgUrl: own(card.picture) };
      wx.updateAppMessageShareData(shown);
      wx.updateTimelineShareData({ title: shown.title, link: shown.link, imgUrl: shown.imgUrl });
    });
  }

  function load(signed) {
    const script = document.createElement("script");
    script.src = signed.script;
    script.onload = function () { show(signed); };
    document.head.appendChild(script);
  }

  function ask() {
    const call = new XMLHttpRequest();
    call.open("GET", "/wechat/page-signature?url=" + encodeURIComponent(openedAs()));
    call.responseType = "json";
    call.timeout = 12000;
    call.onload = function () {
      if (call.status === 200 && call.response && call.response.script) load(call.response);
    };
    call.send();
  }

  document.addEventListener("DOMContentLoaded", ask);
})();
