/* The column on 焦作党建网: choosing on a computer, the choices go to the phone with the QR code. */
(function (votes) {
  "use strict";

  const code = document.getElementById("qr");
  const carried = document.getElementById("carried");

  function show() {
    const count = votes.showCode(code);
    carried.textContent = count ? "已选的" + count + "个会随二维码带到手机上，到手机上核对后再提交。" : "";
  }

  votes.draft.seeRules();
  votes.startList();
  document.addEventListener("votes:draft", show);
  show();
})((window.votes = window.votes || {}));
