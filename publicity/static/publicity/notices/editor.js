// A small editor in the place of a textarea marked data-rich; without scripts the textarea with the HTML stays.
// It goes through the browser's own editing, so that undoing is the browser's too.
(() => {
  const TOOLS = [
    ["bold", "加粗", () => run("bold")],
    ["h2", "标题", () => run("formatBlock", block("H2") ? "p" : "h2")],
    ["h3", "小标题", () => run("formatBlock", block("H3") ? "p" : "h3")],
    ["ul", "项目列表", () => run("insertUnorderedList")],
    ["ol", "编号列表", () => run("insertOrderedList")],
    ["link", "链接", (editor) => editor.askForAddress()],
    ["plain", "去掉格式", () => { run("removeFormat"); run("unlink"); run("formatBlock", "p"); }],
    ["undo", "撤销", () => run("undo")],
    ["redo", "重做", () => run("redo")],
  ];
  const run = (command, value) => document.execCommand(command, false, value);

  function block(tag) {
    let node = getSelection().anchorNode;
    while (node && !node.dataset?.editor) {
      if (node.nodeName === tag) return node;
      node = node.parentNode;
    }
    return null;
  }

  function button(words, press) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button";
    made.textContent = words;
    made.addEventListener("mousedown", (event) => event.preventDefault()); // the selection stays where it is
    made.addEventListener("click", press);
    return made;
  }

  class Editor {
    constructor(area) {
      this.area = area;
      this.label = document.querySelector(`label[for="${area.id}"]`);
      this.sheet = this.makeSheet();
      this.marks = {};
      this.tools = this.makeTools();
      this.question = this.makeQuestion();
      area.before(this.tools, this.question, this.sheet);
      area.hidden = true;
      this.show();
      this.listen();
    }

    makeSheet() {
      const sheet = document.createElement("div");
      const { area, label } = this;
      sheet.className = "notices-sheet";
      sheet.contentEditable = "true";
      sheet.dataset.editor = "1";
      sheet.setAttribute("role", "textbox");
      sheet.setAttribute("aria-multiline", "true");
      if (label) {
        label.id ||= `${area.id}-label`;
        sheet.setAttribute("aria-labelledby", label.id);
      }
      for (const name of ["aria-invalid", "aria-describedby"]) {
        if (area.hasAttribute(name)) sheet.setAttribute(name, area.getAttribute(name));
      }
      // Links to the field at fault lead to what can be seen of it.
      sheet.id = area.id;
      area.id += "-html";
      return sheet;
    }

    makeTools() {
      const row = document.createElement("div");
      row.className = "notices-tools";
      row.setAttribute("role", "toolbar");
      row.setAttribute("aria-label", "正文的格式");
      for (const [name, words, act] of TOOLS) {
        this.marks[name] = button(words, () => { this.sheet.focus(); act(this); this.keep(); this.mark(); });
        row.append(this.marks[name]);
      }
      for (const token of (this.area.dataset.tokens ?? "").split(" ").filter(Boolean)) {
        row.append(button(`插入${token}`, () => { this.sheet.focus(); run("insertText", token); this.keep(); }));
      }
      return row;
    }

    makeQuestion() {
      const row = document.createElement("div");
      row.className = "notices-question";
      row.hidden = true;
      const address = document.createElement("input");
      address.type = "text";
      address.placeholder = "https://";
      address.setAttribute("aria-label", "链接的网址");
      const set = () => this.setAddress(address.value.trim());
      address.addEventListener("keydown", (event) => {
        if (event.key === "Enter") { event.preventDefault(); set(); }
        if (event.key === "Escape") { row.hidden = true; this.sheet.focus(); }
      });
      row.append(address, button("加上链接", set), button("不加了", () => { row.hidden = true; this.sheet.focus(); }));
      this.address = address;
      return row;
    }

    askForAddress() {
      const selection = getSelection();
      this.range = selection.rangeCount ? selection.getRangeAt(0).cloneRange() : null;
      this.address.value = block("A")?.getAttribute("href") ?? "";
      this.question.hidden = false;
      this.address.focus();
    }

    setAddress(typed) {
      const address = /^(https?:\/\/|mailto:)/i.test(typed) ? typed : typed && `https://${typed}`;
      this.question.hidden = true;
      this.sheet.focus();
      if (this.range) {
        getSelection().removeAllRanges();
        getSelection().addRange(this.range);
      }
      if (!address) run("unlink");
      else if (getSelection().isCollapsed && !block("A")) run("insertText", address);
      else run("createLink", address);
      this.keep();
    }

    listen() {
      const { sheet, area } = this;
      this.label?.addEventListener("click", () => sheet.focus());
      sheet.addEventListener("focus", () => { run("defaultParagraphSeparator", "p"); run("styleWithCSS", false); });
      sheet.addEventListener("input", () => this.keep());
      sheet.addEventListener("paste", (event) => this.paste(event));
      sheet.addEventListener("drop", (event) => event.preventDefault());
      document.addEventListener("selectionchange", () => this.mark());
      // Drafts that are put back write into the textarea and say so.
      area.addEventListener("input", (event) => { if (!this.writing) this.show(event); });
      area.form?.addEventListener("submit", () => this.keep(), true);
    }

    paste(event) {
      event.preventDefault();
      const html = event.clipboardData.getData("text/html");
      const clean = html ? window.notices.clean(html) : window.notices.paragraphs(event.clipboardData.getData("text/plain"));
      const one = /^<p>((?!<\/?p>)[\s\S])*<\/p>$/.test(clean);
      run("insertHTML", one ? clean.slice(3, -4) : clean);
      this.keep();
    }

    show() {
      this.sheet.innerHTML = window.notices.clean(this.area.value);
      if (!this.sheet.hasChildNodes()) this.sheet.innerHTML = "<p><br></p>";
      this.before = this.sheet.innerHTML;
    }

    // What nobody changed is handed back byte for byte, so that a generated text is known as such.
    keep() {
      if (this.sheet.innerHTML === this.before) return;
      this.before = this.sheet.innerHTML;
      this.area.value = window.notices.clean(this.sheet.innerHTML);
      this.writing = true;
      this.area.dispatchEvent(new Event("input", { bubbles: true }));
      this.writing = false;
    }

    mark() {
      const inside = this.sheet.contains(getSelection().anchorNode);
      const pressed = {
        bold: inside && document.queryCommandState("bold"),
        h2: inside && block("H2"),
        h3: inside && block("H3"),
        ul: inside && block("UL"),
        ol: inside && block("OL"),
        link: inside && block("A"),
      };
      for (const [name, is] of Object.entries(pressed)) this.marks[name].setAttribute("aria-pressed", is ? "true" : "false");
    }
  }

  for (const area of document.querySelectorAll("textarea[data-rich]")) new Editor(area);
})();
