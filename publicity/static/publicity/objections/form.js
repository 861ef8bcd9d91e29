/* The form of an objection: only what is needed shows, what is wrong is said before it is sent, nothing gets lost. */
(function () {
  "use strict";

  const form = document.getElementById("objection");
  if (!form) return;
  document.documentElement.classList.add("scripted");
  const told = document.getElementById("told");
  const button = form.querySelector("button");
  const most = { bytes: Number(form.dataset.bytes), files: Number(form.dataset.files) };

  function all(selector) {
    return Array.prototype.slice.call(form.querySelectorAll(selector));
  }

  function chosen(name) {
    const radio = form.querySelector("input[name=" + name + "]:checked");
    return radio ? radio.value : "";
  }

  /* Shows the fields that go with what was chosen. */
  function arrange() {
    const who = chosen("raised_as");
    all("[data-for]").forEach(function (part) {
      part.hidden = part.dataset.for.split(" ").indexOf(who) < 0;
    });
    const asUnit = who === "unit";
    form.querySelector(".objection-who").classList.toggle("as-unit", asUnit);
    form.querySelector("label[for=name]").textContent = asUnit ? "联系人" : "姓名";
    form.querySelector("label[for=unit]").textContent = asUnit ? "单位名称" : "单位";
    document.getElementById("name-hint").hidden = !asUnit;
    document.getElementById("name-hint").textContent = "可以不写";
    document.getElementById("unit-hint").hidden = asUnit;
    document.getElementById("unit-hint").textContent = "可以不写";
    form.querySelector("[data-lead]").hidden = !form.elements.has_lead.checked;
    const count = form.elements.text.value.length;
    form.querySelector("[data-count]").textContent = count ? "，已写" + count + "字" : "";
  }

  /* Shows the names in which what is looked for occurs. */
  function find() {
    const words = document.getElementById("find").value.trim().toLowerCase();
    let found = 0;
    all("[data-words]").forEach(function (choice) {
      const fits = choice.dataset.words.toLowerCase().indexOf(words) >= 0;
      choice.hidden = !fits && !choice.querySelector("input").checked;
      if (fits) found += 1;
    });
    all(".objection-heading").forEach(function (heading) {
      heading.hidden = Boolean(words);
    });
    document.getElementById("found").textContent = words ? (found ? "找到" + found + "个" : "没有找到，换个写法试试") : "";
  }

  function size(bytes) {
    return bytes < 1048576 ? Math.max(1, Math.round(bytes / 1024)) + " KB" : (bytes / 1048576).toFixed(1) + " MB";
  }

  function listFiles() {
    const list = form.querySelector("[data-picked]");
    list.textContent = "";
    Array.prototype.forEach.call(form.elements.files.files, function (file) {
      const line = document.createElement("li");
      line.textContent = file.name + "（" + size(file.size) + "）";
      list.appendChild(line);
    });
    show("files", fileFault(form.elements.files.files, most.files));
  }

  function fileFault(files, number) {
    if (files.length > number) return "材料最多" + number + "个，现在选了" + files.length + "个。";
    for (let i = 0; i < files.length; i += 1) {
      if (files[i].size > most.bytes) return "“" + files[i].name + "”超过10MB，请压缩后再选。";
      if (!files[i].size) return "“" + files[i].name + "”是空文件，请重新选择。";
    }
    return "";
  }

  function filled(name) {
    return form.elements[name].value.trim() !== "";
  }

  /* Returns what can be told here to be wrong; the server looks again. */
  function faults() {
    const found = {};
    const who = chosen("raised_as");
    const seal = form.elements.seal.files;
    if (!chosen("subject")) found.subject = "请选择反映的是谁，一次只能选一个。";
    if (!who) found.raised_as = "请选择以什么身份反映。";
    if (who === "person" && !filled("name")) found.name = "请填写姓名。";
    if (who === "unit" && !filled("unit")) found.unit = "请填写单位名称。";
    if ((who === "person" || who === "unit") && !filled("phone")) found.phone = "请填写联系电话，核实时要打。";
    if (who === "unit") found.seal = seal.length ? fileFault(seal, 1) : "以单位名义反映，请附加盖公章的扫描件或照片。";
    if (!filled("text")) found.text = "请写明反映的情况。";
    if (form.elements.has_lead.checked && !filled("lead")) found.lead = "勾选了有具体线索，请写明时间、地点、人员或凭证。";
    found.files = fileFault(form.elements.files.files, most.files);
    Object.keys(found).forEach(function (name) {
      if (!found[name]) delete found[name];
    });
    return found;
  }

  function show(name, sentence) {
    const line = form.querySelector('[data-fault="' + name + '"]');
    if (!line) return;
    line.textContent = sentence;
    line.hidden = !sentence;
    const field = document.getElementById(name);
    if (field && field.matches(".field")) {
      if (sentence) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  }

  /* Says what is wrong, in place and at the top; what was typed and chosen stays. */
  function tell(found) {
    const names = Object.keys(found);
    all("[data-fault]").forEach(function (line) {
      show(line.dataset.fault, found[line.dataset.fault] || "");
    });
    told.textContent = "";
    told.hidden = names.length === 0;
    if (!names.length) return;
    const opening = document.createElement("p");
    const plain = names.length === 1 && names[0] === "";
    opening.textContent = plain ? found[""] : "有" + names.length + "处要改，还没有提交，填好的内容都在：";
    told.appendChild(opening);
    if (!plain) told.appendChild(listOf(found));
    told.focus({ preventScroll: true });
    told.scrollIntoView({ block: "center" });
  }

  function listOf(found) {
    const list = document.createElement("ul");
    Object.keys(found).forEach(function (name) {
      const line = document.createElement("li");
      const link = document.createElement(name ? "a" : "span");
      link.textContent = found[name];
      if (name) link.href = "#" + name;
      line.appendChild(link);
      list.appendChild(line);
    });
    return list;
  }

  function busy(is) {
    button.disabled = is;
    button.textContent = is ? button.dataset.sending : button.dataset.idle;
    form.setAttribute("aria-busy", String(is));
  }

  function fail(sentence) {
    busy(false);
    tell({ "": sentence });
  }

  function take(call) {
    let answer = null;
    try {
      answer = JSON.parse(call.responseText);
    } catch (error) {
      answer = null;
    }
    if (answer && answer.next) {
      window.location.assign(answer.next);
      return;
    }
    busy(false);
    if (answer && answer.form) {
      form.elements.form.value = answer.form;
      form.elements.token.value = answer.token;
    }
    if (answer && answer.faults) tell(answer.faults);
    else if (call.status === 413) fail("材料太大，请减少或压缩后再提交。还没有提交，填好的内容都在。");
    else fail("现在没有提交成功，填好的内容都在，请过一会儿再点一次提交。");
  }

  function send() {
    const call = new XMLHttpRequest();
    call.open("POST", form.getAttribute("action"));
    call.setRequestHeader("Accept", "application/json");
    call.timeout = 180000;
    call.upload.onprogress = function (event) {
      if (event.lengthComputable && event.total > 300000) {
        button.textContent = "正在提交… " + Math.round((event.loaded / event.total) * 100) + "%";
      }
    };
    call.onload = function () {
      take(call);
    };
    call.onerror = call.ontimeout = call.onabort = function () {
      fail("网络断了，不知道有没有提交成功。填好的内容都在，请再点一次提交，不会重复。");
    };
    busy(true);
    call.send(new FormData(form));
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (button.disabled) return;
    const found = faults();
    tell(found);
    if (!Object.keys(found).length) send();
  });
  /* As it is typed, not when the field is left: what moves then moves under the finger that presses the button. */
  form.addEventListener("input", function (event) {
    arrange();
    if (event.target.name) show(event.target.name, "");
    if (event.target === form.elements.files) listFiles();
  });
  const search = document.getElementById("find");
  if (search) {
    search.addEventListener("input", find);
    search.addEventListener("keydown", function (event) {
      if (event.key === "Enter") event.preventDefault();
    });
  }
  told.addEventListener("click", function (event) {
    const link = event.target.closest("a");
    const target = link && document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    target.focus();
    target.scrollIntoView({ block: "center" });
  });
  window.addEventListener("pageshow", function () {
    busy(false);
    arrange();
    const marked = form.querySelector("input[name=subject]:checked");
    const list = form.querySelector(".objection-many");
    if (marked && list) list.scrollTop = Math.max(0, marked.closest("label").offsetTop - 60);
  });
})();
