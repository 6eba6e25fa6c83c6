"use strict";
// Everything from an episode becomes text nodes: nothing here parses it as HTML.

const ROW = 40; // px, as in viewer.css
const MODES = ["text", "mask", "log-probability", "drift"];
const FILTERS = ["source", "family", "verdict", "stop", "fault", "kind"];
const VIEWS = {
  "all": { keep: () => true },
  "slowest": { keep: () => true, by: (i) => -rows.seconds[i] },
  "loops": { keep: (i) => rows.signs[i].includes("loop"), by: (i) => -rows.turns[i] },
  "suspicious passes": { keep: (i) => rows.suspicions[i].length, by: (i) => -rows.suspicions[i].length },
  "largest drift": { keep: (i) => rows.drift[i] !== null, by: (i) => -rows.drift[i] },
};

const $ = (id) => document.getElementById(id);
const blocks = new Map();
const loaded = new Promise((done) => document.addEventListener("DOMContentLoaded", done));
let rows, size, order = [], chosen = -1, other = -1, mode = "text", view = "all", vocabulary = null, asked = 0;

function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

async function unpack(id) {
  if (!$(id)) await loaded; // chosen while the file is still being read
  const raw = atob($(id).textContent);
  const bytes = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

async function record(i) {
  const number = Math.floor(i / size);
  if (!blocks.has(number)) blocks.set(number, await unpack("block-" + number));
  const block = blocks.get(number), found = block.records[i % size];
  return { ...found, prompt: block.prompts[found.prompt] };
}

// --- the list ---------------------------------------------------------------------------------------------------------

function filter() {
  const wanted = FILTERS.map((name) => [rows[name], $("by-" + name).value]).filter(([, value]) => value !== "");
  const words = $("by-text").value.toLowerCase();
  const { keep, by } = VIEWS[view];
  order = [];
  for (let i = 0; i < rows.key.length; i++) {
    if (!keep(i) || !wanted.every(([column, value]) => column[i] === value)) continue;
    if (words && !(rows.task[i] + " " + rows.category[i] + " " + rows.key[i]).toLowerCase().includes(words)) continue;
    order.push(i);
  }
  if (by) order.sort((a, b) => by(a) - by(b));
  const passed = order.filter((i) => rows.verdict[i] === "passed").length;
  const graded = order.filter((i) => rows.verdict[i] !== "ungraded").length;
  $("count").textContent = `${order.length} of ${rows.key.length} episodes, ${passed} of ${graded} graded passed`;
  $("space").style.height = order.length * ROW + "px";
  $("list").scrollTop = 0;
  draw();
}

function draw() {
  const top = Math.floor($("list").scrollTop / ROW), fit = Math.ceil($("list").clientHeight / ROW) + 2;
  $("rows").style.top = top * ROW + "px";
  $("rows").replaceChildren(...order.slice(top, top + fit).map(row));
}

function row(i) {
  const element = make("div", null, { class: "row " + rows.verdict[i], "aria-selected": i === chosen, "data-row": i });
  element.append(`${rows.task[i]}  ·  ${rows.source[i]}`);
  const facts = [
    rows.verdict[i], rows.kind[i], rows.stop[i], rows.fault[i] && "fault: " + rows.fault[i], `${rows.turns[i]} turns`,
    `${rows.tokens[i]} tokens`, `${rows.seconds[i]} s`, rows.suspicions[i].join(" "),
    rows.drift[i] !== null && `drift ${rows.drift[i].toExponential(1)}`,
  ];
  element.append(make("small", facts.filter(Boolean).join(" · ")));
  element.addEventListener("click", () => choose(i));
  return element;
}

function choose(i) {
  chosen = i;
  other = -1;
  draw();
  show();
}

// --- one episode, or two ------------------------------------------------------------------------------------------------

async function show() {
  const mine = ++asked, wanted = other < 0 ? [chosen] : [chosen, other];
  if (mode !== "text" && !vocabulary) vocabulary = await unpack("tokens");
  const records = await Promise.all(wanted.map(record));
  if (mine !== asked) return; // something else was chosen meanwhile
  const pair = make("div", null, { class: "pair" });
  pair.append(...wanted.map((i, k) => article(i, records[k])));
  $("detail").replaceChildren(tools(), pair);
}

function tools() {
  const bar = make("div", null, { class: "modes" });
  bar.append("tokens by");
  for (const name of MODES) {
    const button = make("button", name, { type: "button", "aria-pressed": name === mode });
    button.addEventListener("click", () => { mode = name; show(); });
    bar.append(button);
  }
  const beside = make("select", null, { id: "beside", "aria-label": "beside" });
  beside.append(make("option", "beside: another episode of this task", { value: -1 }));
  rows.task.forEach((task, i) => {
    if (task !== rows.task[chosen] || i === chosen) return;
    beside.append(make("option", `${rows.source[i]}: ${rows.verdict[i]}, seed ${rows.seed[i]}`, { value: i }));
  });
  beside.value = other;
  beside.addEventListener("change", () => { other = Number(beside.value); show(); });
  bar.append(beside);
  return bar;
}

function article(i, found) {
  const element = make("article");
  element.append(make("h2", `${rows.task[i]} · ${rows.source[i]}`), facts(i, found));
  if (rows.withheld[i]) {
    element.append(make("p", "Its rows are credentialed: texts and tokens are not in this file.", { class: "quiet" }));
  } else {
    const prompt = make("details");
    prompt.append(make("summary", "prompt"), make("pre", found.prompt));
    element.append(prompt);
  }
  found.turns.forEach((turn, number) => element.append(turnOf(turn, number)));
  return element;
}

function facts(i, found) {
  const list = make("dl");
  const add = (name, value, kind) => {
    if (value === null || value === undefined || value === "") return;
    list.append(make("dt", name), make("dd", value, kind ? { class: kind } : {}));
  };
  const reward = rows.reward[i] === null ? "no reward" : `reward ${rows.reward[i]}`;
  add("verdict", `${rows.verdict[i]}, ${reward}`, rows.verdict[i] + "-text");
  if (found.verdict) add("checks", `${found.verdict.oracle} ${found.verdict.version}: ${found.verdict.checks}`);
  add("submission", found.submission);
  add("later", (found.later || []).join(" | "));
  add("failure", [rows.kind[i], rows.signs[i].length && `signs: ${rows.signs[i].join(", ")}`].filter(Boolean).join("; "));
  add("suspicious", rows.suspicions[i].join(", "));
  add("stop", rows.stop[i]);
  add("fault", rows.fault[i] && `${rows.fault[i]}: ${found.fault || "(text withheld)"}`);
  add("policy", `${found.policy || ""} seed ${rows.seed[i]}, sandbox ${found.tier || "?"}`);
  add("size", `${rows.turns[i]} turns, ${rows.tokens[i]} sampled tokens, ${rows.seconds[i]} s`);
  add("key", rows.key[i]);
  return list;
}

function turnOf(turn, number) {
  const element = make("div", null, { class: "turn" });
  const what = turn.lang ? `${turn.kind} (${turn.lang})` : turn.kind;
  element.append(make("b", `${number + 1}. ${what}`), make("span", `${turn.seconds} s, ${turn.exec} s in the sandbox`, { class: "quiet" }));
  if (turn.text === undefined) return element;
  if (mode !== "text") {
    element.append(tokens(turn));
    return element;
  }
  const said = turn.code === null ? turn.text : turn.text.split("```")[0].trim();
  if (said) element.append(make("pre", said));
  if (turn.code) element.append(make("pre", turn.code, { class: "code" }));
  if (turn.shown !== null) element.append(make("pre", turn.shown, { class: turn.ok ? "shown" : "shown wrong" }));
  if (turn.cut) element.append(make("p", `${turn.cut} characters were cut`, { class: "quiet" }));
  return element;
}

function tokens(turn) {
  const pre = make("pre", null, { class: "tokens" });
  if (mode === "drift" && !turn.drift) pre.append(make("span", "(no trainer's log-probabilities were recorded)\n", { class: "quiet" }));
  turn.ids.forEach((id, k) => {
    const sampled = turn.mask[k] === "1", nats = turn.logprobs[k], drift = turn.drift && turn.drift[k];
    const span = make("span", vocabulary[id]);
    span.title = `${id}, ${sampled ? "sampled" : "environment"}` + (sampled && nats !== null ? `, log-probability ${-nats / 1000}` : "")
      + (sampled && drift !== null && drift !== undefined ? `, drift ${drift / 1000}` : "");
    span.style.background = colour(sampled, nats, drift);
    pre.append(span);
  });
  return pre;
}

function colour(sampled, nats, drift) {
  if (!sampled) return mode === "mask" ? "#dde3ea" : "";
  if (mode === "mask") return "#c9ecd0";
  // Red is a chance of 2 % or less (4 nats), and for drift, whose scale is logarithmic, 0.1 nats or more; 0.0001 has no colour.
  const strength = mode === "drift" ? (drift ? (Math.log10(drift / 1000) + 4) / 3 : 0) : (nats || 0) / 4000;
  return `rgba(220, 60, 30, ${(0.75 * Math.min(1, Math.max(0, strength))).toFixed(3)})`;
}

// --- the start ----------------------------------------------------------------------------------------------------------

function buildFilters() {
  for (const name of FILTERS) {
    const values = new Map();
    for (const value of rows[name]) values.set(value, (values.get(value) || 0) + 1);
    const label = make("label", name + " "), select = make("select", null, { id: "by-" + name });
    select.append(make("option", "any", { value: "" }));
    for (const [value, n] of [...values].filter(([v]) => v !== "").sort()) select.append(make("option", `${value} (${n})`, { value }));
    select.addEventListener("change", filter);
    label.append(select);
    $("filters").append(label);
  }
  const words = make("input", null, { id: "by-text", type: "search", placeholder: "task, category or key" });
  words.addEventListener("input", filter);
  $("filters").append(words);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const name of Object.keys(VIEWS)) {
    const button = make("button", name, { type: "button", "aria-pressed": name === view });
    button.addEventListener("click", () => {
      view = name;
      for (const b of $("views").children) b.setAttribute("aria-pressed", b === button);
      filter();
    });
    $("views").append(button);
  }
}

function step(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || !order.length) return;
  event.preventDefault();
  const at = Math.min(order.length - 1, Math.max(0, order.indexOf(chosen) + by)), list = $("list");
  if (at * ROW < list.scrollTop) list.scrollTop = at * ROW;
  if ((at + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (at + 1) * ROW - list.clientHeight;
  choose(order[at]);
}

async function start() {
  const index = await unpack("index");
  rows = index.rows;
  size = index.size;
  $("title").textContent = index.title;
  buildFilters();
  $("list").addEventListener("scroll", draw);
  $("list").addEventListener("keydown", step);
  window.addEventListener("resize", draw);
  filter();
  document.documentElement.dataset.ready = Math.round(performance.now());
}

start();
