// The gene map: places come from the server and never move, so this only draws, finds and asks for the pane of a gene.
const canvas = document.getElementById("gene-map");
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const LABELLED = 6; // of each domain, the largest
const PAD = 60;

const BANDS = [[85, "--good-fill"], [70, "--info-fill"], [55, "--caution-fill"], [0, "--bad-fill"]]; // as scores are coloured

const start = () => {
  const data = JSON.parse(document.getElementById("gene-map-data").textContent);
  const nodes = data.nodes
    .map(([pk, name, x, y, domain, columns, states, kept], index) => ({ pk, name, x, y, domain, columns, states, kept, index }));
  const placed = nodes.filter((node) => node.x !== null);
  const most = Math.sqrt(Math.max(1, ...placed.map((node) => node.columns)));
  placed.forEach((node) => (node.r = 2 + 7 * (Math.sqrt(node.columns) / most)));
  const groups = [...grouped(placed)];
  const discs = groups.map(([domain, members]) => disc(domain, members));
  const labelled = new Set(groups.flatMap(([, members]) =>
    members.toSorted((a, b) => b.columns - a.columns).slice(0, LABELLED).map((node) => node.index)));
  const view = { x: 0, y: 0, scale: 1 };
  let focus = placed.find((node) => node.pk === canvas.dataset.focus);
  let byKept = false;
  const chosen = { domain: new Set(), relation: new Set(), state: new Set() };

  const shown = (node) => node && node.x !== null && chosen.domain.has(node.domain) &&
    [...chosen.state].every((state) => node.states & (1 << state));
  const onScreen = (node) => [(node.x - view.x) * view.scale, (node.y - view.y) * view.scale];

  const fit = () => {
    const xs = placed.map((node) => node.x), ys = placed.map((node) => node.y);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const { clientWidth: width, clientHeight: height } = canvas;
    view.scale = Math.min((width - 2 * PAD) / Math.max(1, right - left), (height - 2 * PAD) / Math.max(1, bottom - top), 3);
    view.x = (left + right) / 2 - width / 2 / view.scale;
    view.y = (top + bottom) / 2 - height / 2 / view.scale;
  };

  const draw = () => {
    const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    const colours = Array.from({ length: data.domains.length }, (_, at) => token(at < 8 ? `--series-${at + 1}` : "--text-3"));
    const bands = BANDS.map(([from, name]) => [from, token(name)]), unknown = token("--control-line");
    const colour = (node) => !byKept ? colours[node.domain] :
      node.kept === null ? unknown : bands.find(([from]) => node.kept >= from)[1];
    pen.scale(ratio, ratio);
    const taken = []; // boxes of what is written already
    for (const { domain, x, y, r, count } of discs) {
      if (!chosen.domain.has(domain)) continue;
      const [cx, cy] = onScreen({ x, y });
      pen.lineWidth = 1;
      pen.beginPath();
      pen.arc(cx, cy, r * view.scale, 0, 7);
      pen.globalAlpha = 0.09;
      pen.fillStyle = pen.strokeStyle = colours[domain];
      pen.fill();
      pen.globalAlpha = 0.35;
      pen.stroke();
      pen.globalAlpha = 1;
      write(pen, taken, `${data.domains[domain]} ${count}`, [[cx, cy - r * view.scale - 8]], 600, colours[domain], 13);
    }
    lines(pen, colours);
    for (const node of placed) {
      if (!shown(node)) continue;
      const [x, y] = onScreen(node);
      pen.beginPath();
      pen.arc(x, y, size(node), 0, 7);
      pen.fillStyle = colour(node);
      pen.fill();
      if (node === focus) {
        pen.beginPath();
        pen.arc(x, y, size(node) + 4, 0, 7);
        pen.strokeStyle = token("--text");
        pen.lineWidth = 2;
        pen.stroke();
      }
    }
    const named = [...labelled].map((index) => nodes[index]).filter((node) => node !== focus && shown(node));
    if (shown(focus)) named.push(focus);
    for (const node of named) { // a name may not hide the gene of another name
      const [x, y] = onScreen(node), far = size(node);
      taken.push([x - far, y - far, x + far, y + far]);
    }
    for (const node of named.sort((a, b) => (b === focus) - (a === focus) || b.columns - a.columns)) {
      const [x, y] = onScreen(node), far = size(node);
      const words = byKept && node.kept !== null ? `${node.name} ${node.kept}%` : node.name;
      const places = [[x, y + far + 12], [x, y - far - 5], [x, y + 4, 1], [x, y + 4, -1]];
      write(pen, taken, words, places, node === focus ? 600 : 400, token("--text"), 12, far + 5);
    }
    canvas.dataset.drawn = placed.filter(shown).length;
  };

  const size = (node) => node.r * Math.max(0.8, Math.min(1.6, view.scale));

  const lines = (pen, colours) => {
    for (const [left, right, kind] of data.edges) {
      const a = nodes[left], b = nodes[right];
      if (!chosen.relation.has(kind) || !shown(a) || !shown(b)) continue;
      const near = a === focus || b === focus;
      const [ax, ay] = onScreen(a), [bx, by] = onScreen(b);
      pen.beginPath();
      pen.moveTo(ax, ay);
      pen.quadraticCurveTo((ax + bx) / 2 + (by - ay) * 0.12, (ay + by) / 2 - (bx - ax) * 0.12, bx, by);
      pen.setLineDash(kind === 1 ? [4, 4] : []);
      pen.strokeStyle = near ? token("--primary") : colours[a.domain];
      pen.globalAlpha = near ? 0.9 : 0.16;
      pen.lineWidth = near ? 1.6 : 1;
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  };

  // Words at the first of `places` ([x, y], or [x, y, side] beside it) where nothing is written yet; none where all are taken.
  const write = (pen, taken, words, places, weight, colour, points, gap = 0) => {
    pen.font = `${weight} ${points}px ${token("--font-ui")}`;
    pen.textAlign = "center";
    const wide = pen.measureText(words).width / 2;
    for (const [at, y, side = 0] of places) {
      const x = at + side * (wide + gap);
      const box = [x - wide, y - points, x + wide, y + 3];
      if (taken.some(([l, t, r, b]) => box[0] < r && box[2] > l && box[1] < b && box[3] > t)) continue;
      taken.push(box);
      pen.lineWidth = 3;
      pen.strokeStyle = token("--surface");
      pen.strokeText(words, x, y);
      pen.fillStyle = colour;
      pen.fillText(words, x, y);
      return;
    }
  };

  const nearest = (x, y) => {
    let best = null, least = 18;
    for (const node of placed) {
      if (!shown(node)) continue;
      const [nx, ny] = onScreen(node);
      const far = Math.hypot(nx - x, ny - y) - size(node);
      if (far < least) [best, least] = [node, far];
    }
    return best;
  };

  const select = (node) => {
    if (!node) return;
    focus = node;
    const [x, y] = onScreen(node);
    if (x < 0 || y < 0 || x > canvas.clientWidth || y > canvas.clientHeight) {
      view.x = node.x - canvas.clientWidth / 2 / view.scale;
      view.y = node.y - canvas.clientHeight / 2 / view.scale;
    }
    draw();
    const address = `${canvas.dataset.page}?focus=${node.pk}`;
    history.replaceState(null, "", address);
    htmx.ajax("GET", address, { target: "#gene-pane", swap: "innerHTML" });
  };

  const zoom = (factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) => {
    const scale = Math.max(0.1, Math.min(8, view.scale * factor));
    view.x += x / view.scale - x / scale;
    view.y += y / view.scale - y / scale;
    view.scale = scale;
    draw();
  };

  const choose = () => {
    for (const set of document.querySelectorAll("[data-map-filter]")) {
      const ticked = [...set.querySelectorAll("input:checked")].map((box) => Number(box.value));
      chosen[set.dataset.mapFilter] = new Set(ticked);
    }
    draw();
  };

  const recolour = () => {
    const scheme = document.querySelector("[data-map-colours] input:checked").value;
    byKept = scheme === "kept";
    canvas.dataset.colours = scheme;
    draw();
  };

  // The nearest gene in the direction of an arrow key.
  const step = (dx, dy) => {
    if (!focus) return select(placed.find(shown));
    const ahead = placed.filter((node) => {
      const along = (node.x - focus.x) * dx + (node.y - focus.y) * dy;
      return node !== focus && shown(node) && along > 0 && along >= Math.hypot(node.x - focus.x, node.y - focus.y) * 0.6;
    });
    const far = (node) => Math.hypot(node.x - focus.x, node.y - focus.y);
    select(ahead.toSorted((a, b) => far(a) - far(b))[0]);
  };

  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    held = { x: event.offsetX, y: event.offsetY, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return void (canvas.style.cursor = nearest(event.offsetX, event.offsetY) ? "pointer" : "grab");
    const dx = event.offsetX - held.x, dy = event.offsetY - held.y;
    if (!held.moved && Math.hypot(dx, dy) < 4) return;
    view.x -= dx / view.scale;
    view.y -= dy / view.scale;
    held = { x: event.offsetX, y: event.offsetY, moved: true };
    draw();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (held && !held.moved) select(nearest(event.offsetX, event.offsetY));
    held = null;
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.offsetX, event.offsetY);
  }, { passive: false });
  const KEYS = {
    ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8),
    0: () => { fit(); draw(); },
    Enter: () => document.querySelector("#gene-pane .button--primary")?.click(),
  };
  canvas.addEventListener("keydown", (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  document.addEventListener("click", (event) => {
    const way = event.target.closest("[data-map-zoom]")?.dataset.mapZoom;
    if (way === "all") { fit(); draw(); } else if (way) zoom(way === "in" ? 1.25 : 0.8);
    const near = event.target.closest("[data-map-focus]");
    if (!near) return;
    event.preventDefault();
    select(placed.find((node) => node.pk === near.dataset.mapFocus));
  });
  document.querySelectorAll("[data-map-filter]").forEach((set) => set.addEventListener("change", choose));
  document.querySelector("[data-map-colours]").addEventListener("change", recolour);
  new ResizeObserver(draw).observe(canvas);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  fit();
  choose();
  recolour();
};

const grouped = (nodes) => {
  const found = new Map();
  for (const node of nodes) found.has(node.domain) ? found.get(node.domain).push(node) : found.set(node.domain, [node]);
  return found;
};

// The disc of a domain: round the middle of its genes, as wide as the farthest.
const disc = (domain, members) => {
  const x = members.reduce((sum, node) => sum + node.x, 0) / members.length;
  const y = members.reduce((sum, node) => sum + node.y, 0) / members.length;
  const r = Math.max(...members.map((node) => Math.hypot(node.x - x, node.y - y))) + 18;
  return { domain, x, y, r, count: members.length };
};

if (canvas) start();
