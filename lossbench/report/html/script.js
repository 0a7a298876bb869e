"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const make = (tag, more = {}, ...inside) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(more)) {
      if (name.startsWith("on")) made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...inside);
    return made;
  };
  const save = (name, type, text) => {
    const link = make("a", {download: name, href: type === "png" ? text : URL.createObjectURL(new Blob([text], {type}))});
    link.click();
    if (type !== "png") setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const named = (part, end) => {
    const section = part.closest("article, section");
    const words = [part.matches("figure") ? part.querySelector("h3").textContent : "table", section ? section.id : "", document.title];
    return words.join(" ").replace(/[^\w.-]+/g, "_").slice(0, 80) + end;
  };
  const told = make("div", {role: "status", class: "tip", style: "position:fixed;left:-99rem"});
  document.body.append(told);

  // The legend of a section: switch a loss, single one out, light one up.
  for (const legend of all(".legend")) {
    const section = legend.closest("article, section"), items = all("li", legend), off = new Set();
    const drawn = name => all(`figure .${name}`, section);
    const switches = items.map(item => {
      const name = item.dataset.l, loss = item.querySelector("span").textContent;
      const button = make("button", {type: "button", class: "switch", "aria-pressed": "true"}, ...item.childNodes);
      const only = make("button", {type: "button", class: "only", "aria-label": `only ${loss}`}, "only");
      item.append(button, only);
      button.onclick = () => show(off.has(name) ? [...off].filter(one => one !== name) : [...off, name]);
      only.onclick = () => {
        const others = items.map(one => one.dataset.l).filter(one => one !== name);
        show(off.size === others.length && !off.has(name) ? [] : others);
      };
      const light = on => () => drawn(name).forEach(one => one.classList.toggle("lit", on));
      item.onmouseenter = item.onfocusin = light(true);
      item.onmouseleave = item.onfocusout = light(false);
      return [name, button];
    });
    const show = names => {
      off.clear();
      names.forEach(name => off.add(name));
      for (const [name, button] of switches) {
        button.setAttribute("aria-pressed", String(!off.has(name)));
        drawn(name).forEach(one => one.classList.toggle("off", off.has(name)));
      }
    };
    for (const item of items) for (const type of ["focusin", "focusout"]) item.addEventListener(type, item["on" + type]);
  }

  // Values are read off by pointer and by arrow keys.
  const seen = part => !part.closest(".off");
  for (const figure of all("figure")) {
    const plot = figure.querySelector(".plot"), tip = make("div", {class: "tip", "aria-hidden": "true"});
    const lines = figure.classList.contains("lines"), marks = all(".mark", plot);
    const x = lines ? figure.dataset.x.split(" ").map(Number) : [];
    const pictures = () => all(":scope > svg:not(.behind)", plot).filter(seen);
    let picture = 0, place = -1;
    all("title", plot).forEach(title => { title.parentNode.dataset.told = title.textContent; title.remove(); });
    plot.append(tip);
    const say = (text, at, aloud) => {
      tip.textContent = text;
      if (aloud) told.textContent = text;
      const box = plot.getBoundingClientRect();
      tip.style.left = Math.max(0, Math.min(at.x - box.left + 12, box.width - tip.offsetWidth)) + "px";
      tip.style.top = at.y - box.top + 16 + "px";
    };
    const clear = () => {
      tip.textContent = "";
      all(".cursor", plot).forEach(one => one.remove());
      all(".at", plot).forEach(one => one.classList.remove("at"));
    };
    const number = text => text === "" || text === undefined ? NaN : +text;
    const value = (line, at) => {
      const [y, half] = ["y", "h"].map(end => number((line.dataset[end] || "").split(",")[at]));
      return `${line.dataset.n} ${isNaN(y) ? "no value" : y}${isNaN(half) ? "" : ` ±${half}`}`;
    };
    const across = (svg, at) => {
      const [start, end] = svg.dataset.box.split(" ").map(Number), by = "log" in svg.dataset ? Math.log : one => one;
      const [low, high] = [by(x[0]), by(x[x.length - 1])];
      return high > low ? start + (end - start) * (by(x[at]) - low) / (high - low) : (start + end) / 2;
    };
    const readLine = (svg, at, point, aloud) => {
      clear();
      const pixel = across(svg, at), height = svg.viewBox.baseVal.height;
      const cursor = svg.querySelector("path").cloneNode();
      for (const name of cursor.getAttributeNames()) cursor.removeAttribute(name);
      cursor.setAttribute("class", "cursor");
      cursor.setAttribute("d", `M${pixel} 18V${height - 18}`);
      svg.append(cursor);
      const own = all(".line", svg).filter(seen);
      if (svg.matches(".panel")) own.push(...all(".line.ref", plot).filter(one => seen(one) && one !== own[0]));
      const text = `${figure.dataset.across} ${x[at]}\n${own.map(line => value(line, at)).join("\n")}`;
      const box = svg.getBoundingClientRect();
      say(text, point || {x: box.left + pixel * box.width / svg.viewBox.baseVal.width, y: box.top + box.height / 3}, aloud);
      [picture, place] = [pictures().indexOf(svg), at];
    };
    const readMark = (mark, point, aloud) => {
      clear();
      mark.classList.add("at");
      const box = mark.getBoundingClientRect();
      say(mark.dataset.told, point || {x: box.left + box.width / 2, y: box.top + box.height / 2}, aloud);
      place = marks.indexOf(mark);
    };
    plot.onpointerdown = plot.onpointermove = event => {
      const point = {x: event.clientX, y: event.clientY}, svg = event.target.closest("svg");
      if (!svg || svg.parentNode !== plot) return clear();
      const box = svg.getBoundingClientRect();
      if (lines) {
        const pixel = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
        const far = x.map((_, at) => Math.abs(across(svg, at) - pixel));
        return readLine(svg, far.indexOf(Math.min(...far)), point);
      }
      const near = marks.filter(mark => seen(mark) && svg.contains(mark)).map(mark => {
        const marker = (mark.querySelector(".bar ~ .marker, .whisker ~ .marker") || mark).getBoundingClientRect();
        const away = [point.x - marker.left - marker.width / 2, point.y - marker.top - marker.height / 2];
        return [mark.contains(event.target) ? -1 : Math.hypot(...away), mark];
      }).sort((one, other) => one[0] - other[0])[0];
      return near && near[0] < 30 ? readMark(near[1], point) : clear();
    };
    plot.onpointerleave = plot.onblur = clear;
    plot.tabIndex = 0;
    plot.setAttribute("role", "group");
    const keys = lines ? "left and right arrows move" + (pictures().length > 1 ? ", up and down change the panel" : "") : "arrows move";
    plot.setAttribute("aria-label", `${figure.querySelector("h3").textContent}, read values: ${keys}`);
    plot.onkeydown = event => {
      const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1, Home: -1e9, End: 1e9}[event.key];
      if (event.key === "Escape") return clear();
      if (!step) return undefined;
      event.preventDefault();
      const bounded = (at, most) => Math.max(0, Math.min(at, most));
      if (!lines) {
        const shown = marks.filter(seen);
        const now = shown.indexOf(marks[place]);
        if (shown.length) readMark(shown[bounded(now + step, shown.length - 1)], null, true);
        return undefined;
      }
      const shown = pictures(), down = event.key === "ArrowUp" || event.key === "ArrowDown";
      if (!shown.length) return undefined;
      const svg = shown[bounded(picture + (down ? step : 0), shown.length - 1)];
      return readLine(svg, bounded(place < 0 ? 0 : place + (down ? 0 : step), x.length - 1), null, true);
    };

    // A picture of its own: styles are written into it, panels stand in rows.
    const styled = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size", "font-weight", "font-family"];
    const copied = part => {
      const copy = part.cloneNode(false);
      if (part.nodeType !== 1) return copy;
      if (getComputedStyle(part).display === "none" || part.matches(".cursor")) return document.createTextNode("");
      if (part.localName === "use") {
        const group = part.ownerDocument.createElementNS(part.namespaceURI, "g");
        const target = document.querySelector(part.getAttribute("href")), inner = copied(target);
        group.append(inner);
        if (part.matches(".line") && inner.style) for (const name of styled) inner.style[name] = getComputedStyle(part)[name];
        return group;
      }
      for (const name of styled) copy.style[name] = getComputedStyle(part)[name];
      for (const child of part.childNodes) copy.append(copied(child));
      copy.removeAttribute("class");
      for (const name of Object.keys(copy.dataset)) delete copy.dataset[name];
      return copy;
    };
    const composed = () => {
      clear();
      const shown = pictures(), first = shown[0].viewBox.baseVal, columns = Math.min(shown.length, Math.ceil(Math.sqrt(shown.length)));
      const names = figure.matches(".plane") ? all(".legend li", figure.closest("article, section")) : [];
      const width = Math.max(first.width, 150) * columns, high = first.height * Math.ceil(shown.length / columns);
      const named = Math.max(1, Math.floor(width / 140)), height = high + 18 * Math.ceil(names.length / named);
      const whole = shown[0].cloneNode(false);
      for (const name of whole.getAttributeNames()) whole.removeAttribute(name);
      whole.setAttribute("viewBox", `0 0 ${width} ${height}`);
      whole.setAttribute("width", width);
      whole.setAttribute("height", height);
      whole.style.background = getComputedStyle(document.body).backgroundColor;
      for (const behind of all(":scope > svg.behind defs > clipPath", plot)) whole.append(copied(behind));
      shown.forEach((svg, at) => {
        const inner = copied(svg);
        inner.setAttribute("x", first.width * (at % columns));
        inner.setAttribute("y", first.height * Math.floor(at / columns));
        whole.append(inner);
      });
      names.forEach((item, at) => {
        const group = document.createElementNS(whole.namespaceURI, "g"), text = document.createElementNS(whole.namespaceURI, "text");
        group.setAttribute("transform", `translate(${140 * (at % named)} ${high + 18 * Math.floor(at / named)})`);
        text.setAttribute("x", 18);
        text.setAttribute("y", 10);
        text.setAttribute("style", `font: 11.5px sans-serif; fill: ${getComputedStyle(item).color}`);
        text.append(item.querySelector("span").textContent);
        group.append(copied(item.querySelector("svg path")), text);
        whole.append(group);
      });
      return [new XMLSerializer().serializeToString(whole), width, height];
    };
    const toSVG = () => save(named(figure, ".svg"), "image/svg+xml", composed()[0]);
    const toPNG = () => {
      const [text, width, height] = composed(), image = new Image(), canvas = make("canvas");
      image.onload = () => {
        [canvas.width, canvas.height] = [2 * width, 2 * height];
        const pen = canvas.getContext("2d");
        pen.fillStyle = getComputedStyle(document.body).backgroundColor;
        pen.fillRect(0, 0, canvas.width, canvas.height);
        pen.drawImage(image, 0, 0, canvas.width, canvas.height);
        save(named(figure, ".png"), "png", canvas.toDataURL("image/png"));
      };
      image.src = "data:image/svg+xml," + encodeURIComponent(text);
    };
    if (figure.matches(".sides")) continue;
    const title = figure.querySelector("h3").textContent;
    const tool = (name, act) => make("button", {type: "button", "aria-label": `${title} as ${name}`, onclick: act}, name);
    figure.querySelector("h3").after(make("div", {class: "tools"}, tool("SVG", toSVG), tool("PNG", toPNG)));
  }

  // Cards are filtered by what they say of themselves, and by a word.
  for (const bar of all(".filters")) {
    const cards = all(".card"), count = make("span", {role: "status"});
    const word = make("input", {type: "search", placeholder: "a word", "aria-label": "a word"});
    const lists = bar.dataset.by.split(" ").map(name => {
      const values = [...new Set(cards.map(card => card.dataset[name]))];
      const options = values.map(value => make("option", {value}, value));
      return [name, make("select", {"aria-label": name}, make("option", {value: ""}, `every ${name}`), ...options)];
    });
    const show = () => {
      for (const card of cards) {
        const fits = lists.every(([name, list]) => !list.value || card.dataset[name] === list.value);
        card.hidden = !fits || !card.textContent.toLowerCase().includes(word.value.toLowerCase());
      }
      for (const section of all("section")) {
        const mine = all(".card", section);
        section.hidden = mine.length > 0 && mine.every(card => card.hidden);
      }
      count.textContent = `${cards.filter(card => !card.hidden).length} of ${cards.length} shown`;
    };
    for (const control of [...lists.map(pair => pair[1]), word]) control.oninput = show;
    bar.append(...lists.map(pair => pair[1]), word, count);
    show();
  }

  // Tables are sorted by a heading, filtered by a word, and saved.
  const count = text => /^>/.test(text) ? Infinity : parseFloat(text);
  for (const box of all(".table")) {
    const table = box.querySelector("table"), body = table.tBodies[0], heads = all("thead th", table);
    heads.forEach((head, at) => {
      const inner = make("button", {type: "button"}, ...head.childNodes);
      head.append(inner);
      inner.onclick = () => {
        const up = head.getAttribute("aria-sort") !== "ascending", cell = row => row.cells[at].textContent.trim();
        heads.forEach(one => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const compared = (one, other) => {
          const [a, b] = [count(cell(one)), count(cell(other))];
          if (isNaN(a) && isNaN(b)) return cell(one).localeCompare(cell(other)) * (up ? 1 : -1);
          return isNaN(a) ? 1 : isNaN(b) ? -1 : (a === b ? 0 : a < b ? -1 : 1) * (up ? 1 : -1);
        };
        body.append(...[...body.rows].sort(compared));
      };
    });
    const filter = make("input", {type: "search", placeholder: "filter rows", "aria-label": `Filter: ${table.caption.textContent}`});
    filter.oninput = () => {
      for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(filter.value.toLowerCase());
    };
    const safe = text => /^'*[=+\-@＝＋－＠]./.test(text) && isNaN(text) ? `'${text}` : text;
    const quoted = text => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    const csv = make("button", {type: "button", "aria-label": `CSV: ${table.caption.textContent}`}, "CSV");
    csv.onclick = () => {
      const rows = [...table.tHead.rows, ...body.rows].filter(row => !row.hidden);
      const text = rows.map(row => [...row.cells].map(cell => quoted(safe(cell.textContent.trim()))).join(",") + "\n").join("");
      save(named(box, ".csv"), "text/csv", text);
    };
    const tools = make("div", {class: "tools"}, ...(body.rows.length > 4 ? [filter] : []), csv);
    if (all(".far", table).length) tools.append(make("span", {class: "narrow"}, "narrow screen: more columns in the CSV"));
    box.append(tools);
    const wide = box.querySelector(".wide"), scrolled = {tabindex: 0, role: "region", "aria-label": table.caption.textContent};
    new ResizeObserver(() => {
      const scrolls = wide.scrollWidth > wide.clientWidth;
      for (const [name, value] of Object.entries(scrolled)) scrolls ? wide.setAttribute(name, value) : wide.removeAttribute(name);
    }).observe(wide);
  }
})();
