// A stand-in for the platform's JS-SDK: asks the sandbox whether the page's signature is right, and does what a desktop can.
"use strict";

(() => {
  const home = new URL(document.currentScript.src).origin;
  const readied = [];
  let failed = () => {};
  let appId = "";
  let granted = null;
  let refusal = null;

  async function ask(path, body) {
    const response = await fetch(`${home}/res/jssdk/${path}`, {
      method: "POST",
      credentials: "include",
      body: JSON.stringify(body),
    });
    return response.json();
  }

  function call(name, options = {}, result = {}) {
    const allowed = granted !== null && granted.includes(name);
    const answer = { errMsg: `${name}:${allowed ? "ok" : "permission denied"}`, ...(allowed ? result : {}) };
    window.setTimeout(() => {
      (allowed ? options.success : options.fail)?.(answer);
      options.complete?.(answer);
    });
    return answer;
  }

  const wx = {
    config(options) {
      appId = options.appId;
      const page = location.href.split("#")[0];
      const { timestamp, nonceStr, signature, jsApiList = [], debug } = options;
      ask("config", { appId, timestamp, nonceStr, signature, jsApiList, url: page }).then(
        (check) => {
          if (debug) console.info(check);
          if (check.errMsg === "config:ok") {
            granted = check.granted;
            for (const act of readied.splice(0)) act();
          } else {
            refusal = { errMsg: check.errMsg };
            failed(refusal);
          }
        },
        () => failed({ errMsg: "config:fail" }),
      );
    },
    ready(act) {
      if (granted) act();
      else readied.push(act);
    },
    error(act) {
      failed = act;
      if (refusal) act(refusal);
    },
    checkJsApi(options) {
      const known = options.jsApiList ?? [];
      const checkResult = Object.fromEntries(known.map((name) => [name, (granted ?? []).includes(name)]));
      options.success?.({ checkResult, errMsg: "checkJsApi:ok" });
    },
    closeWindow() {
      if (history.length > 1) history.back();
      else window.close();
    },
    chooseImage(options = {}) {
      call("chooseImage", options, { localIds: ["wxLocalResource://sandbox-1"], sourceType: "album" });
    },
    getNetworkType(options = {}) {
      call("getNetworkType", options, { networkType: "wifi" });
    },
  };
  const quiet = [
    "updateAppMessageShareData",
    "updateTimelineShareData",
    "onMenuShareTimeline",
    "onMenuShareAppMessage",
    "hideMenuItems",
    "showMenuItems",
    "hideAllNonBaseMenuItem",
    "showAllNonBaseMenuItem",
    "hideOptionMenu",
    "showOptionMenu",
    "previewImage",
    "openLocation",
    "scanQRCode",
  ];
  for (const name of quiet) wx[name] = (options) => call(name, options);

  class OpenSubscribe extends HTMLElement {
    connectedCallback() {
      const shown = this.querySelector('script[type="text/wxtag-template"], template');
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = (shown?.content ?? shown)?.textContent.replace(/<[^>]*>/g, "").trim() || "订阅通知";
      button.addEventListener("click", () => this.ask());
      this.append(button);
    }

    async ask() {
      const templates = (this.getAttribute("template") ?? "").split(",").filter(Boolean);
      const answer = window.confirm("允许公众号给您发送通知吗？") ? "accept" : "reject";
      const { errMsg } = await ask("subscribe", { appId, templates, answer });
      const told = templates.map((id) => [id, JSON.stringify({ status: answer })]);
      const good = errMsg === "subscribe:ok";
      const detail = good ? { errMsg, subscribeDetails: JSON.stringify(Object.fromEntries(told)) } : { errMsg };
      this.dispatchEvent(new CustomEvent(good ? "success" : "error", { detail }));
    }
  }

  customElements.define("wx-open-subscribe", OpenSubscribe);
  window.wx = wx;
  window.jWeixin = wx;
})();
