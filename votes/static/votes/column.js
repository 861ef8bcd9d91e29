/* The column on another site: choosing on a computer. What is chosen goes to the phone with the code; nothing here votes. */
(function (votes) {
  "use strict";

  const SOURCE = "column";
  const open = votes.root.dataset.state === "open";

  function byId(id) { return document.getElementById(id); }

  function tell(count, how) {
    byId("carried").textContent = !count ? "还没有选，扫码只打开投票页。" : {
      drawn: "二维码里有您选的" + count + "个。",
      drawing: "正在把您选的" + count + "个画进二维码。",
      lost: "二维码没有画出来，请复制网址，或到手机上选。"
    }[how];
  }

  function show() {
    const address = votes.handOverAddress(SOURCE);
    votes.showCode(byId("code"), SOURCE, tell);
    byId("go").href = address;
    byId("address").value = address;
    byId("copied").textContent = "";
    byId("empty").disabled = !votes.draft.choices().length;
  }

  /* A frame may not use the clipboard by itself; what is marked may be copied from anywhere. */
  function copy() {
    const field = byId("address");
    field.focus();
    field.select();
    let done = false;
    try {
      done = document.execCommand("copy");
    } catch (error) { /* not allowed here: it stays marked */ }
    byId("copied").textContent = done ? "已复制。发到自己的微信里打开，就能接着投。" : "没有复制成功，网址已选中，请自己复制。";
  }

  function empty() {
    votes.draft.startAgain();
    votes.say("");
    byId("copied").textContent = "这台电脑上选的已经清空。";
  }

  /* The list is one of several screens elsewhere; here it is the only one. */
  votes.sections = {
    current: function () { return "list"; },
    rememberScroll: function () { /* the browser itself knows where it was */ },
    go: function () { /* there is nowhere else */ }
  };
  document.documentElement.classList.toggle("browse", !open);
  votes.draft.replace(votes.draft.choices().filter(votes.awardOf)); // somebody may have withdrawn since
  votes.startOrder();
  if (votes.awards.length) {
    votes.startList();
    votes.startSearch();
  }
  if (open) {
    document.addEventListener("votes:draft", show);
    byId("copy").addEventListener("click", copy);
    byId("empty").addEventListener("click", empty);
    show();
  }
})((window.votes = window.votes || {}));
