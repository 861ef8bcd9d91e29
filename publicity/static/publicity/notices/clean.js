// What is pasted or typed into the editor, reduced to the few elements that a notice has. The server cleans again.
(() => {
  const KEPT = new Set(["P", "BR", "STRONG", "EM", "U", "H2", "H3", "UL", "OL", "LI", "A", "TABLE", "CAPTION", "THEAD", "TBODY", "TR", "TH", "TD"]);
  const RENAMED = { B: "STRONG", I: "EM", INS: "U", H1: "H2", H4: "H3", H5: "H3", H6: "H3", TFOOT: "TBODY" };
  const GONE = new Set(["STYLE", "SCRIPT", "TITLE", "META", "LINK", "XML", "TEMPLATE", "IMG", "SVG", "IFRAME", "OBJECT", "BUTTON", "SELECT", "TEXTAREA", "NOSCRIPT"]);
  const BLOCKS = new Set(["P", "H2", "H3", "UL", "OL", "TABLE"]);
  const PARAGRAPHS = new Set(["DIV", "SECTION", "ARTICLE", "BLOCKQUOTE", "PRE", "ADDRESS", "HEADER", "FOOTER", "DT", "DD"]);
  const ADDRESS = /^(https?:\/\/|mailto:)/i;
  const BULLET = /^[·•●○■□◆◇▪▫➢✓\uf000-\uf0ff\-–o§]$/;

  const isBlock = (node) => node.nodeType === Node.ELEMENT_NODE && BLOCKS.has(node.tagName);
  const isBlank = (node) => !node.textContent.replace(/[\s\u00a0\u3000]/g, "") && !node.querySelector?.("table");

  // Word writes a list as paragraphs whose mark stands in a span of its own; bullets become a list, numbers stay text.
  function markOf(paragraph) {
    const mark = paragraph.querySelector('[data-style*="mso-list:Ignore"], [data-style*="mso-list: Ignore"]');
    const text = mark?.textContent.replace(/[\s\u00a0]/g, "") ?? "";
    if (!BULLET.test(text)) return null;
    mark.remove();
    return text;
  }

  function attributes(from, to) {
    if (to.tagName === "A") to.setAttribute("href", from.getAttribute("href").trim());
    for (const name of to.tagName === "TD" || to.tagName === "TH" ? ["colspan", "rowspan"] : []) {
      const value = Number.parseInt(from.getAttribute(name), 10);
      if (value > 1 && value < 100) to.setAttribute(name, String(value));
    }
  }

  function tagOf(element) {
    const tag = RENAMED[element.tagName] ?? element.tagName;
    if (tag === "A" && !ADDRESS.test(element.getAttribute("href")?.trim() ?? "")) return null;
    if (KEPT.has(tag)) return tag;
    if (PARAGRAPHS.has(tag)) return "P";
    const bold = /font-weight:\s*(bold|[6-9]00)/i.test(element.dataset?.style ?? "");
    return bold && !isBlank(element) ? "STRONG" : null;
  }

  function walk(source, target) {
    for (const node of source.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) {
        target.append(node.nodeValue.replace(/[\t\r\n\u00a0]+/g, " "));
      } else if (node.nodeType === Node.ELEMENT_NODE && !GONE.has(node.tagName) && !node.tagName.includes(":")) {
        element(node, target);
      } else if (node.nodeType === Node.ELEMENT_NODE && node.tagName.includes(":")) {
        walk(node, target);
      }
    }
  }

  function element(node, target) {
    if (node.tagName === "P" && markOf(node) !== null) {
      const list = target.lastElementChild?.tagName === "UL" ? target.lastElementChild : target.appendChild(document.createElement("ul"));
      walk(node, list.appendChild(document.createElement("li")));
      return;
    }
    const tag = tagOf(node);
    if (tag === null) {
      walk(node, target);
      return;
    }
    const made = document.createElement(tag);
    attributes(node, made);
    walk(node, made);
    const inParagraph = ["P", "H2", "H3", "LI", "STRONG", "EM", "U", "A"].includes(target.tagName);
    if (tag === "P" && [...made.children].some(isBlock)) target.append(...made.childNodes);
    else if (isBlock(made) && inParagraph && tag !== "UL" && tag !== "OL" && target.tagName !== "LI") target.append(...made.childNodes, " ");
    else if (tag === "P" && ["TD", "TH", "LI"].includes(target.tagName)) target.append(...(target.hasChildNodes() ? [document.createElement("br")] : []), ...made.childNodes);
    else target.append(made);
  }

  // Loose text between blocks becomes paragraphs; empty ones go.
  function inParagraphs(holder) {
    const done = document.createElement("div");
    let open = null;
    for (const node of [...holder.childNodes]) {
      if (isBlock(node)) {
        open = null;
        if (!isBlank(node)) done.append(node);
      } else if (node.nodeName === "BR") {
        open = null;
      } else {
        open ??= done.appendChild(document.createElement("p"));
        open.append(node);
      }
    }
    for (const paragraph of [...done.children]) if (isBlank(paragraph)) paragraph.remove();
    return done;
  }

  // The page's policy lets no style in, and the browser complains of each that is parsed: they become mere data.
  function withoutStyles(html) {
    const bare = html.replace(/<!--[\s\S]*?-->/g, "").replace(/<(style|script|xml)\b[\s\S]*?<\/\1\s*>/gi, "");
    return bare.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/([\s"'/])(style|on[a-z]+)(?=\s*=)/gi, "$1data-$2"));
  }

  window.notices = {
    // Return clean HTML of what `html` says.
    clean(html) {
      const inert = new DOMParser().parseFromString(withoutStyles(html), "text/html");
      const holder = document.createElement("div");
      walk(inert.body, holder);
      return inParagraphs(holder).innerHTML;
    },
    // Return plain text as paragraphs.
    paragraphs(text) {
      const holder = document.createElement("div");
      for (const line of text.split(/\r?\n/)) {
        if (line.trim()) holder.appendChild(document.createElement("p")).textContent = line.trim();
      }
      return holder.innerHTML;
    },
  };
})();
