// What a picture's page does in the browser: move, zoom, search, select, list. It reads the page's own data and asks nobody.

/** Everything that comes from data goes through `textContent`: no text of others is ever read as HTML. */
export const pageScript: string = String.raw`"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const [svg, view, panel, details, search, found] = ["svg", "view", "panel", "details", "search", "found"].map($);
  const boxes = [...view.querySelectorAll(".node")].sort((a, b) => a.dataset.box - b.dataset.box);
  const links = [...view.querySelectorAll(".link")].sort((a, b) => a.dataset.link - b.dataset.link);
  const boxOf = new Map(data.boxes.flatMap((box, index) => box.nodes.map((node) => [node, index])));
  const nodeAt = new Map(data.nodes.map((node, index) => [node.key, index]));
  // Of a picture that is smaller nobody can read a word: it opens at what matters most.
  const READABLE = 0.3;
  let selected, matches = [], at = { x: 0, y: 0, k: 1 }, fitted = true;

  const make = (tag, text, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    if (text !== undefined && text !== "") element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const button = (text, act, attributes = {}) => {
    const element = make("button", text, { type: "button", ...attributes });
    element.addEventListener("click", act);
    return element;
  };

  // Moving and zooming.
  const place = (isFit = false) => {
    fitted = isFit;
    view.setAttribute("transform", "translate(" + at.x + " " + at.y + ") scale(" + at.k + ")");
  };
  const room = () => {
    const { width, height } = svg.getBoundingClientRect();
    return { width: Math.max(50, width), height: Math.max(50, height) };
  };
  const fit = () => {
    const { width, height } = room();
    const k = Math.min(1.25, (width - 40) / data.width, (height - 40) / data.height);
    at = { k, x: (width - data.width * k) / 2, y: (height - data.height * k) / 2 };
    place(true);
  };
  const zoom = (factor, x = room().width / 2, y = room().height / 2) => {
    const k = Math.min(4, Math.max(0.02, at.k * factor));
    at = { k, x: x - ((x - at.x) * k) / at.k, y: y - ((y - at.y) * k) / at.k };
    place();
  };
  // What matters most; of several such, the first from the left.
  const worst = () => {
    const rank = ({ state, x }) => data.states.indexOf(state) * 1e9 + x;
    return data.boxes.reduce((found, box, index) => (rank(box) < rank(data.boxes[found]) ? index : found), 0);
  };
  const show = (index) => {
    const { x, y, width, height } = data.boxes[index];
    const space = room();
    const k = Math.max(at.k, 0.6);
    const [left, top] = [x * k + at.x, y * k + at.y];
    if (k === at.k && left > 10 && top > 10 && left + width * k < space.width - 10 && top + height * k < space.height - 10) return;
    at = { k, x: space.width / 2 - (x + width / 2) * k, y: space.height / 2 - (y + height / 2) * k };
    place();
  };
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { left, top } = svg.getBoundingClientRect();
    const step = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    zoom(Math.exp(-step * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX - left, event.clientY - top);
  }, { passive: false });
  const fingers = new Map();
  let moved = 0;
  svg.addEventListener("pointerdown", (event) => {
    if (fingers.size === 0) moved = 0;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (before === undefined) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, now);
    moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (moved < 5) return;
    const share = other === undefined ? 1 : 0.5;
    at = { ...at, x: at.x + (now.x - before.x) * share, y: at.y + (now.y - before.y) * share };
    if (other !== undefined) {
      const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y);
      const { left, top } = svg.getBoundingClientRect();
      zoom(apart(now) / Math.max(1, apart(before)), (now.x + other.x) / 2 - left, (now.y + other.y) / 2 - top);
    }
    place();
  });
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, (event) => fingers.delete(event.pointerId));

  // Selecting.
  const reach = (start, from, to) => {
    const seen = new Set([start]);
    for (const box of seen) for (const link of data.links) if (link[from] === box) seen.add(link[to]);
    return seen;
  };
  const paint = () => {
    const near = selected === undefined ? undefined : new Set([...reach(selected, 1, 0), ...reach(selected, 0, 1)]);
    const wanted = near ?? (matches.length > 0 ? new Set(matches) : undefined);
    boxes.forEach((box, index) => {
      box.classList.toggle("dim", wanted !== undefined && !wanted.has(index));
      box.classList.toggle("selected", index === selected);
      box.classList.toggle("match", matches.includes(index));
    });
    links.forEach((link, index) => {
      const [from, to] = data.links[index];
      link.classList.toggle("dim", wanted !== undefined && !(wanted.has(from) && wanted.has(to)));
    });
  };
  const select = (index, node) => {
    selected = index;
    paint();
    panel.hidden = index === undefined;
    if (fitted) fit();
    if (index === undefined) {
      details.replaceChildren();
      history.replaceState(null, "", location.pathname + location.search);
      return;
    }
    const box = data.boxes[index];
    const one = node ?? (box.group ? undefined : box.nodes[0]);
    details.replaceChildren(...(one === undefined ? tellGroup(box) : tellNode(data.nodes[one], box, index)));
    details.scrollTop = 0;
    history.replaceState(null, "", "#" + encodeURIComponent(one === undefined ? box.name : data.nodes[one].key));
    show(index);
  };
  const go = (key) => {
    const node = nodeAt.get(key);
    if (node === undefined) {
      const group = data.boxes.findIndex((box) => box.name === key);
      if (group >= 0) select(group);
      return;
    }
    select(boxOf.get(node), node);
    boxes[boxOf.get(node)].focus({ preventScroll: true });
  };

  // Telling.
  const badge = (state) => make("span", state.replace("-", " "), { class: "badge " + state });
  const fact = (name, ...what) => [make("dt", name), make("dd", undefined, {}, ...what)];
  const tellGroup = (box) => [
    make("h2", box.name),
    make("p", box.nodes.length + " artifacts"),
    make("ul", undefined, { class: "list" }, ...box.nodes.map((node) => {
      const { key, state } = data.nodes[node];
      return make("li", undefined, {}, button(key, () => go(key), { class: "jump" }), badge(state));
    })),
  ];
  const jumps = (edges, end) => edges.map((edge) => make("div", undefined, {}, button(edge[end], () => go(edge[end]), { class: "jump" }),
    make("small", [edge.edge === "same" ? "" : edge.edge, edge.optional ? "optional" : ""].filter(Boolean).join(", "))));
  const tellNode = (node, box, index) => {
    const [inputs, outputs] = [data.edges.filter((edge) => edge.to === node.key), data.edges.filter((edge) => edge.from === node.key)];
    return [
      ...(box.group ? [button("← " + box.name, () => select(index), { class: "jump" })] : []),
      make("h2", node.key),
      make("p", undefined, {}, badge(node.state)),
      ...(node.description === null ? [] : [make("p", node.description)]),
      ...node.reasons.map((reason) => make("p", reason, { class: "reason" })),
      make("dl", undefined, {},
        ...(node.producer === null ? fact("source", node.place ?? "") : fact("producer", (node.producer + " " + (node.version ?? "")).trim())),
        ...(node.producer === null || node.place === null ? [] : fact("stored at", node.place)),
        ...(node.dimensions.length === 0 ? [] : fact("by", node.dimensions.join(", "))),
        ...(inputs.length === 0 ? [] : fact("made from", ...jumps(inputs, "from"))),
        ...(outputs.length === 0 ? [] : fact("used for", ...jumps(outputs, "to")))),
      ...tellPartitions(node),
    ];
  };
  const tellPartitions = (node) => {
    if (node.partitions.length === 0) return [];
    const rows = node.partitions.map(([key, state, because]) => ({ key, state: data.states[state], because: data.reasons[because] }));
    const body = make("tbody");
    const more = make("p");
    const filter = make("input", undefined, { type: "search", placeholder: "partition, state or reason", "aria-label": "partitions to list" });
    let most = 200;
    const fill = () => {
      const text = filter.value.toLowerCase();
      const shown = rows.filter(({ key, state, because }) => (key + " " + state.replace("-", " ") + " " + because).toLowerCase().includes(text));
      body.replaceChildren(...shown.slice(0, most).map(({ key, state, because }) =>
        make("tr", undefined, {}, make("td", key === "" ? "the whole" : key), make("td", undefined, {}, badge(state)), make("td", because))));
      const left = shown.length - most;
      more.replaceChildren(...(left > 0 ? [button("show " + Math.min(left, 1000) + " of " + left + " more", () => { most += 1000; fill(); })] : []),
        ...(node.left > 0 ? [node.left + " more are not in this page: strata plan --json has them all"] : []));
    };
    filter.addEventListener("input", fill);
    fill();
    const total = rows.length + node.left;
    return [make("h3", total + (total === 1 ? " partition" : " partitions")), ...(rows.length > 12 ? [filter] : []),
      make("table", undefined, { id: "partitions" }, body), more];
  };

  boxes.forEach((box, index) => {
    const { name, state } = data.boxes[index];
    for (const [attribute, value] of [["tabindex", "0"], ["role", "button"], ["aria-label", name + ", " + state.replace("-", " ")]]) box.setAttribute(attribute, value);
    box.addEventListener("click", () => { if (moved < 5) select(index); });
    box.addEventListener("focus", () => { if (box.matches(":focus-visible")) show(index); });
  });
  svg.addEventListener("click", (event) => { if (moved < 5 && event.target.closest(".node") === null) select(undefined); });

  // Searching.
  const look = () => {
    const text = search.value.trim().toLowerCase();
    matches = text === "" ? [] : data.boxes.flatMap((box, index) =>
      box.name.toLowerCase().includes(text) || box.nodes.some((node) => data.nodes[node].key.toLowerCase().includes(text)) ? [index] : []);
    found.textContent = text === "" ? "" : matches.length + " of " + data.boxes.length;
    selected = undefined;
    panel.hidden = true;
    paint();
    if (matches.length > 0) show(matches[0]);
  };
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || matches.length === 0) return;
    const last = matches.indexOf(selected);
    select(matches[(last + (event.shiftKey ? matches.length - 1 : 1)) % matches.length]);
  });
  for (const chip of document.querySelectorAll("[data-state]")) {
    chip.addEventListener("click", () => {
      const on = chip.getAttribute("aria-pressed") !== "true";
      for (const other of document.querySelectorAll("[data-state]")) other.setAttribute("aria-pressed", String(on && other === chip));
      selected = undefined;
      panel.hidden = true;
      matches = on ? data.boxes.flatMap((box, index) => (box.nodes.some((node) => data.nodes[node].state === chip.dataset.state) ? [index] : [])) : [];
      paint();
      if (matches.length > 0) show(matches[0]);
    });
  }

  // Keys.
  const neighbour = (key) => {
    const { x, y, width, height } = data.boxes[selected];
    const middle = y + height / 2;
    const nearest = (candidates) => candidates.toSorted((a, b) => Math.abs(data.boxes[a].y - y) - Math.abs(data.boxes[b].y - y))[0];
    const linked = (from, to) => data.links.filter((link) => link[from] === selected).map((link) => link[to]);
    if (key === "ArrowLeft") return nearest(linked(1, 0));
    if (key === "ArrowRight") return nearest(linked(0, 1));
    const down = key === "ArrowDown";
    return nearest(data.boxes.flatMap((box, index) =>
      index !== selected && box.x < x + width && x < box.x + box.width && (box.y + box.height / 2 > middle) === down ? [index] : []));
  };
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const typing = event.target.tagName === "INPUT";
    if (event.key === "Escape") {
      search.value = "";
      found.textContent = "";
      matches = [];
      for (const chip of document.querySelectorAll("[data-state]")) chip.setAttribute("aria-pressed", "false");
      select(undefined);
      if (typing) event.target.blur();
      return;
    }
    if (typing) return;
    const on = event.target.closest?.(".node");
    if (event.key === "/") search.focus();
    else if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (event.key === "0") fit();
    else if ((event.key === "Enter" || event.key === " ") && on) select(Number(on.dataset.box));
    else if (event.key.startsWith("Arrow")) {
      if (panel.contains(event.target)) return;
      const next = selected === undefined ? undefined : neighbour(event.key);
      if (next !== undefined) {
        select(next);
        boxes[next].focus({ preventScroll: true });
      } else if (selected === undefined) {
        const [x, y] = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
        at = { ...at, x: at.x + x, y: at.y + y };
        place();
      }
    } else return;
    event.preventDefault();
  });
  $("closer").addEventListener("click", () => zoom(1.25));
  $("farther").addEventListener("click", () => zoom(0.8));
  $("whole").addEventListener("click", fit);
  $("close").addEventListener("click", () => select(undefined));
  $("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const isDark = root.dataset.theme === undefined ? matchMedia("(prefers-color-scheme: dark)").matches : root.dataset.theme === "dark";
    root.dataset.theme = isDark ? "light" : "dark";
  });

  addEventListener("resize", () => { if (fitted) fit(); });
  fit();
  let asked = "";
  try { asked = decodeURIComponent(location.hash.slice(1)); } catch { /* not written by us */ }
  if (asked !== "") go(asked);
  else if (at.k < READABLE) show(worst());
})();
`;
