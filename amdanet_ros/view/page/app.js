// Reads frames from the server, each with all its images and numbers, and shows the newest.
import { History, drawAreas, drawLatencies } from "./charts.js";

const TITLES = { fused: "Fused", overlay: "Classes", rgb: "RGB", thermal: "Thermal" };
const RETRY_MS = 1000;

const at = (id) => document.getElementById(id);
const areas = new History();
const latencies = new History();
const arrivals = [];
const pictures = {};
let classNames = "";
let isPaused = false;
let change = () => {};
let frames = 0;

function say(state, words) {
  at("state").dataset.state = state;
  at("state").textContent = words;
}

/** Takes exact numbers of bytes from a stream. */
class ByteReader {
  constructor(stream) {
    this.reader = stream.getReader();
    this.parts = [];
    this.length = 0;
  }

  async take(wanted) {
    while (this.length < wanted) {
      const { value, done } = await this.reader.read();
      if (done) throw new Error("the connection ended");
      this.parts.push(value);
      this.length += value.length;
    }
    const bytes = new Uint8Array(wanted);
    let filled = 0;
    while (filled < wanted) {
      const part = this.parts.shift();
      const used = part.subarray(0, wanted - filled);
      bytes.set(used, filled);
      filled += used.length;
      if (used.length < part.length) this.parts.unshift(part.subarray(used.length));
    }
    this.length -= wanted;
    return bytes;
  }
}

async function readFrame(reader) {
  const head = await reader.take(4);
  const length = new DataView(head.buffer).getUint32(0);
  if (length === 0) return null;
  const frame = JSON.parse(new TextDecoder().decode(await reader.take(length)));
  const files = [];
  for (const each of frame.images) {
    files.push([each.name, new Blob([await reader.take(each.bytes)], { type: "image/jpeg" })]);
  }
  // All are decoded before any is drawn: what is seen together belongs to one pair.
  const bitmaps = await Promise.all(files.map(([, file]) => createImageBitmap(file)));
  frame.pictures = Object.fromEntries(files.map(([name], i) => [name, bitmaps[i]]));
  return frame;
}

function draw(canvas, bitmap) {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
}

function showPictures() {
  for (const figure of document.querySelectorAll("#grid figure")) {
    const bitmap = pictures[figure.dataset.name];
    figure.classList.toggle("missing", !bitmap);
    if (bitmap) draw(figure.querySelector("canvas"), bitmap);
  }
  if (at("slider").hidden) return;
  const right = pictures[at("right").value];
  const left = pictures[at("left").value];
  at("below").style.visibility = right ? "visible" : "hidden";
  at("above").style.visibility = left ? "visible" : "hidden";
  if (right) draw(at("below"), right);
  if (left) draw(at("above"), left);
}

function showEdge() {
  const share = Number(at("position").value);
  at("above").style.clipPath = `inset(0 ${100 - share}% 0 0)`;
  at("edge").style.left = `${share}%`;
}

function showLegend(classes) {
  const body = at("legend").tBodies[0];
  const names = JSON.stringify(classes.map((each) => [each.name, each.color]));
  if (names !== classNames) {
    classNames = names;
    areas.rows.length = 0;
    body.replaceChildren(...classes.map((each) => {
      const row = document.createElement("tr");
      for (const content of ["i", "", "b", ""]) {
        const cell = row.insertCell();
        if (content) cell.append(document.createElement(content));
      }
      row.querySelector("i").style.background = each.color;
      row.cells[1].textContent = each.name;
      row.cells[1].title = each.name;
      return row;
    }));
  }
  classes.forEach((each, index) => {
    const row = body.rows[index];
    row.classList.toggle("absent", each.area === 0);
    row.title = each.area ? `mean confidence ${each.confidence.toFixed(2)}` : "";
    row.querySelector("b").style.width = `${100 * each.area}%`;
    row.cells[3].textContent = `${(100 * each.area).toFixed(1)} %`;
  });
}

function showHealth(health) {
  for (const place of document.querySelectorAll("#health dd")) {
    const state = health[place.dataset.stream];
    place.dataset.status = state ? state.status : "";
    place.textContent = state ? [state.status, state.reason].filter(Boolean).join(": ") : "unknown";
  }
}

function showRate() {
  const now = performance.now();
  arrivals.push(now);
  while (arrivals.length > 30 || (arrivals.length > 2 && now - arrivals[0] > 5000)) arrivals.shift();
  const seconds = (now - arrivals[0]) / 1000;
  at("rate").textContent = seconds > 0 ? `${((arrivals.length - 1) / seconds).toFixed(1)} a second` : "–";
}

function showNotes(notes) {
  at("notes-section").hidden = notes.length === 0;
  at("notes").replaceChildren(...notes.map((note) => {
    const item = document.createElement("li");
    item.textContent = note;
    return item;
  }));
}

function drawCharts(classes) {
  if (classes) drawAreas(at("areas"), areas, classes.map((each) => each.color));
  drawLatencies(at("latency"), latencies);
}

function show(frame) {
  for (const name of Object.keys(TITLES)) {
    if (pictures[name]) pictures[name].close();
    pictures[name] = frame.pictures[name];
  }
  showPictures();
  at("source").textContent = frame.source;
  at("source").title = frame.source;
  at("unregistered").hidden = frame.registered || !frame.pictures.thermal;
  at("stamp").textContent = frame.stamp === null ? "–" : `${frame.stamp.slice(0, -6)} s`;
  at("offset").textContent = frame.offset_ms === null ? "–" : `${frame.offset_ms.toFixed(1)} ms`;
  showHealth(frame.health);
  showNotes(frame.notes);
  showRate();
  if (frame.classes.length) {
    showLegend(frame.classes);
    areas.add(frame.classes.map((each) => each.area));
  }
  const measured = Object.entries(frame.latencies);
  if (measured.length) latencies.add(frame.latencies);
  at("latency-now").textContent = measured
    .map(([name, value]) => `${name} ${value.toFixed(value < 10 ? 1 : 0)} ms`).join(", ");
  drawCharts(frame.classes.length ? frame.classes : null);
  frames += 1;
  document.body.dataset.frames = frames;
  document.body.dataset.stamp = frame.stamp;
}

async function watch(signal) {
  const response = await fetch("stream", { signal, cache: "no-store" });
  if (!response.ok) throw new Error((await response.text()).trim());
  const reader = new ByteReader(response.body);
  say("live", "waiting for images");
  for (;;) {
    const frame = await readFrame(reader);
    if (signal.aborted) return;
    if (frame) {
      show(frame);
      say("live", "live");
    }
  }
}

/** Watches, but not while paused: the server computes nothing for a paused page. */
async function run() {
  for (;;) {
    if (isPaused) {
      say("paused", "paused");
      await new Promise((goOn) => { change = goOn; });
      say("", "connecting");
      continue;
    }
    const control = new AbortController();
    change = () => control.abort();
    try {
      await watch(control.signal);
    } catch (error) {
      if (control.signal.aborted) continue;
      say("lost", `${error.message}: trying again`);
      await new Promise((goOn) => {
        const timer = setTimeout(goOn, RETRY_MS);
        change = () => { clearTimeout(timer); goOn(); };
      });
    }
  }
}

function press(button, isPressed) {
  button.setAttribute("aria-pressed", String(isPressed));
}

function choose(isSlider) {
  at("grid").hidden = isSlider;
  at("slider").hidden = !isSlider;
  press(at("show-grid"), !isSlider);
  press(at("show-slider"), isSlider);
  showPictures();
}

function drag(event) {
  const box = at("stage").getBoundingClientRect();
  const share = (100 * (event.clientX - box.left)) / box.width;
  at("position").value = Math.min(100, Math.max(0, share));
  showEdge();
}

for (const [id, chosen] of [["left", "rgb"], ["right", "overlay"]]) {
  for (const [name, title] of Object.entries(TITLES)) at(id).add(new Option(title, name));
  at(id).value = chosen;
  at(id).addEventListener("change", showPictures);
}
at("show-grid").addEventListener("click", () => choose(false));
at("show-slider").addEventListener("click", () => choose(true));
at("position").addEventListener("input", showEdge);
at("stage").addEventListener("pointerdown", (event) => {
  at("stage").setPointerCapture(event.pointerId);
  drag(event);
});
at("stage").addEventListener("pointermove", (event) => {
  if (event.buttons) drag(event);
});
at("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  at("pause").textContent = isPaused ? "Go on" : "Pause";
  press(at("pause"), isPaused);
  change();
});
showEdge();
run();
