"use strict";
// A small chart: axes, steps and lines in the colours of the page. Sizes are those of the screen.
const SVG = "http://www.w3.org/2000/svg";
const element = (name, attributes, text) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
};
const shown = (value, digits = 3) =>
  (Number(value) || 0).toLocaleString("en", { maximumSignificantDigits: digits }).replace("-", "−");

const ticks = (low, high, log) => {
  if (log) {
    const found = [];
    for (let n = Math.ceil(Math.log10(low)); n <= Math.floor(Math.log10(high)); n += 1) found.push(10 ** n);
    return found;
  }
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n += 1) found.push(n * step);
  return found;
};

// chart: {x: {low, high, label}, y: {low, high, label, log}, lines: [{name, style, points}],
//   bars: [{style, x, y, error}], guides: [{x} or {y}], dots: [{x, y, now}]}
const draw = (box, chart) => {
  const width = Math.max(box.clientWidth, 240);
  const height = Math.min(420, Math.max(260, 0.55 * width));
  const edge = { left: 66, right: 24, top: 14 + 18 * chart.lines.length, bottom: 44 };
  const to = (axis, low, high) => {
    const f = axis.log ? Math.log10 : (v) => v;
    return (v) => low + ((f(v) - f(axis.low)) / (f(axis.high) - f(axis.low))) * (high - low);
  };
  const x = to(chart.x, edge.left, width - edge.right);
  const y = to(chart.y, height - edge.bottom, edge.top);
  const inside = (v) => Math.min(Math.max(v, edge.top - 1), height - edge.bottom + 1);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  for (const v of ticks(chart.y.low, chart.y.high, chart.y.log)) {
    svg.append(element("line", { class: "grid", x1: edge.left, x2: width - edge.right, y1: y(v), y2: y(v) }));
    svg.append(element("text", { x: edge.left - 6, y: y(v) + 4, "text-anchor": "end" }, shown(v)));
  }
  for (const v of ticks(chart.x.low, chart.x.high, chart.x.log)) {
    svg.append(element("line", { class: "grid", y1: edge.top, y2: height - edge.bottom, x1: x(v), x2: x(v) }));
    svg.append(element("text", { x: x(v), y: height - edge.bottom + 18, "text-anchor": "middle" }, shown(v)));
  }
  for (const guide of chart.guides || []) {
    const at = "x" in guide
      ? { x1: x(guide.x), x2: x(guide.x), y1: edge.top, y2: height - edge.bottom }
      : { x1: edge.left, x2: width - edge.right, y1: y(guide.y), y2: y(guide.y) };
    svg.append(element("line", { class: "guide", ...at }));
  }
  // An SVG inside another shows nothing beyond its edges.
  const size = { width: width - edge.left - edge.right, height: height - edge.top - edge.bottom };
  const field = element("svg", {
    x: edge.left, y: edge.top, ...size, viewBox: `${edge.left} ${edge.top} ${size.width} ${size.height}`,
  });
  svg.append(field);
  chart.lines.forEach((line, index) => {
    let path = "", open = false;
    for (const [a, b] of line.points) {
      const good = b !== null && (!chart.y.log || b > 0);
      if (good) path += `${open ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`;
      open = good;
    }
    field.append(element("path", { class: line.style, d: path }));
    const row = 10 + 18 * index;
    svg.append(element("path", { class: line.style, d: `M${edge.left} ${row}H${edge.left + 28}` }));
    svg.append(element("text", { x: edge.left + 34, y: row + 4 }, line.name));
  });
  for (const bar of chart.bars || []) {
    const low = chart.y.log ? Math.max(bar.y - bar.error, chart.y.low) : bar.y - bar.error;
    if (bar.y <= 0 && chart.y.log) continue;
    const path = `M${x(bar.x).toFixed(1)} ${inside(y(low)).toFixed(1)}V${inside(y(bar.y + bar.error)).toFixed(1)}`;
    svg.append(element("path", { class: `${bar.style} bar`, d: path }));
  }
  for (const dot of chart.dots || []) {
    if (dot.y > 0 || !chart.y.log) {
      svg.append(element("circle", { cx: x(dot.x), cy: inside(y(dot.y)), r: 5, class: dot.now ? "now" : "" }));
    }
  }
  svg.append(element("rect", {
    class: "frame", x: edge.left, y: edge.top, ...size,
  }));
  svg.append(element("text", { x: width - edge.right, y: height - 8, "text-anchor": "end" }, chart.x.label));
  svg.append(element("text", { x: 14, y: edge.top, "text-anchor": "end", transform: `rotate(-90 14 ${edge.top})` }, chart.y.label));
  box.replaceChildren(svg);
};
