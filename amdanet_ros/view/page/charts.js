// Charts of the last frames, drawn into canvases.

const LENGTH = 300;
const LEAST = 60;

/** The last values of some named series. */
export class History {
  constructor() {
    this.rows = [];
  }

  add(row) {
    this.rows.push(row);
    if (this.rows.length > LENGTH) this.rows.shift();
  }
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function cleared(canvas) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  return context;
}

/** Where the row with an index lies: the newest at the right edge. */
function place(canvas, rows, index) {
  const span = Math.max(rows.length, LEAST) - 1;
  return canvas.width - ((rows.length - 1 - index) * canvas.width) / span;
}

/** Draw the areas of the classes, one above the other; each row is a list of shares. */
export function drawAreas(canvas, history, colours) {
  const context = cleared(canvas);
  const rows = history.rows;
  if (rows.length === 0) return;
  const below = rows.map(() => 0);
  colours.forEach((each, index) => {
    const above = rows.map((row, i) => below[i] + (row[index] || 0));
    context.beginPath();
    rows.forEach((_, i) => {
      const y = canvas.height * (1 - Math.min(above[i], 1));
      context.lineTo(place(canvas, rows, i), y);
    });
    for (let i = rows.length - 1; i >= 0; i -= 1) {
      context.lineTo(place(canvas, rows, i), canvas.height * (1 - Math.min(below[i], 1)));
    }
    context.closePath();
    context.fillStyle = each;
    context.fill();
    above.forEach((value, i) => { below[i] = value; });
  });
}

/** Draw one line for each name; each row maps names to milliseconds. */
export function drawLatencies(canvas, history) {
  const context = cleared(canvas);
  const rows = history.rows;
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const most = Math.max(1, ...rows.flatMap((row) => Object.values(row)));
  const step = 10 ** Math.floor(Math.log10(most));
  const top = Math.ceil(most / step) * step;
  const y = (value) => canvas.height - 6 - (value / top) * (canvas.height - 30);
  context.font = "20px system-ui, sans-serif";
  context.fillStyle = colour("--soft");
  context.strokeStyle = colour("--line");
  for (const value of [0, top]) {
    context.beginPath();
    context.moveTo(0, y(value));
    context.lineTo(canvas.width, y(value));
    context.stroke();
  }
  context.fillText(`${top} ms`, 2, y(top) - 5);
  const colours = [colour("--mark"), colour("--warn"), colour("--good")];
  names.forEach((name, index) => {
    context.beginPath();
    rows.forEach((row, i) => {
      if (name in row) context.lineTo(place(canvas, rows, i), y(row[name]));
    });
    context.lineWidth = 3;
    context.strokeStyle = colours[index % colours.length];
    context.stroke();
    if (names.length > 1) {
      context.fillStyle = context.strokeStyle;
      context.fillText(name, 110 + index * 170, 20);
    }
  });
}
